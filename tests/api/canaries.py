"""Values that occur once in a world, each with the grounds on which somebody may be shown it.

A test that searches an answer for them needs to know nothing of how the answer was made.
"""

import base64
import binascii
import itertools
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from api.core.identity import new_id


class Kind(StrEnum):
    """How sensitive a value is. Who may see which kind of whom is the oracle's business, not ours."""

    AGENCY = "agency"  #: what the agency is called
    UNIT = "unit"  #: offices: names and identifiers
    PERSON = "person"  #: name, NIP, post, identifier
    ATTENDANCE = "attendance"  #: days and check-ins
    EVIDENCE = "evidence"  #: scores, positions, distances, homes
    FACE = "face"  #: photographs
    TRAIL = "trail"  #: who did and saw what concerning a person
    LIKENESS = "likeness"  #: who else is enrolled with somebody's face
    OBJECTION = "objection"  #: that somebody does without face recognition
    SETTING = "setting"  #: what an agency is run by, and proposals for it
    OWN = "own"  #: a person's sessions, tokens, consents, enrolments, duties
    SECRET = "secret"  #: what no answer may carry


Ground = tuple[str, Kind]
T = TypeVar("T")

UUID_FORM = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
TEXT_FORM = re.compile(r"cnry\d{5}")
NUMBER_FORM = re.compile(r"(?<!\w)(?:\d{18}|\d{7}|\d[.,]\d{3}[.,]\d{3})(?!\w)")  # sentences group digits
MOMENT_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
PHOTO_FORM = re.compile(r"files/(?:large/)?((?:frames|templates|enrolments)/[0-9a-f-]{36})")


class Canaries:
    """Makes unmistakable values and finds them again."""

    def __init__(self) -> None:
        self.grounds: dict[object, set[Ground]] = {}
        self.what: dict[object, str] = {}
        self._numbers, self._wholes, self._nips = (itertools.count(1) for _ in range(3))

    def text(self, owner: str, kind: Kind, what: str) -> str:
        token = f"cnry{next(self._numbers):05d}"
        self.keep(token, owner, kind, what)
        return token

    def name(self, owner: str, kind: Kind, what: str) -> str:
        """A text that a reader of a failed test understands."""
        return f"{self.text(owner, kind, what)} {what} {owner}"

    def whole(self, owner: str, kind: Kind, what: str) -> int:
        return self.keep(1_000_000 + 7_919 * next(self._wholes), owner, kind, what)

    def real(self, owner: str, kind: Kind, what: str, base: float = 0.0) -> float:
        return self.keep(round(base + 1.000_003e-5 * next(self._numbers), 10), owner, kind, what)

    def uuid(self, owner: str, kind: Kind, what: str) -> UUID:
        made = new_id()
        self.keep(str(made), owner, kind, what)
        return made

    def nip(self, owner: str, kind: Kind) -> str:
        return self.keep(f"199001012015041{next(self._nips):03d}", owner, kind, "nip")

    def moment(self, owner: str, kind: Kind, what: str, near: datetime) -> datetime:
        made = near.replace(microsecond=0) + timedelta(microseconds=7 * next(self._numbers))
        self.keep(_as_key(made), owner, kind, what)
        return made

    def photo(self, owner: str, name: str, kind: Kind = Kind.FACE) -> None:
        """`name` is that of a look address: frames/<check-in>, templates/<check-in> or enrolments/<enrolment>."""
        self.keep(name, owner, kind, "photograph")

    def also(self, value: object, owner: str, kind: Kind) -> None:
        """A further ground for a value that was planted before."""
        self.grounds[_key_of(value)].add((owner, kind))

    def found(self, answer: object) -> dict[object, str]:
        """Every canary in an answer → where it stands."""
        return {key: path for path, leaf in leaves(answer) for key in self._in_leaf(leaf)}

    def of(self, owner: str, *kinds: Kind) -> set[object]:
        return {
            key for key, grounds in self.grounds.items() if any((owner, kind) in grounds for kind in kinds)
        }

    def told(self, key: object) -> str:
        return f"{key} ({self.what[key]}: {', '.join(f'{kind} of {owner}' for owner, kind in self.grounds[key])})"

    def keep(self, value: T, owner: str, kind: Kind, what: str) -> T:
        assert value not in self.grounds, value
        self.grounds[value] = {(owner, kind)}
        self.what[value] = what
        return value

    def _in_leaf(self, leaf: object) -> Iterator[object]:
        if isinstance(leaf, str):
            yield from self._in_text(leaf)
            yield from self._in_text(_decoded(leaf))
        elif isinstance(leaf, int | float) and not isinstance(leaf, bool) and leaf in self.grounds:
            yield leaf

    def _in_text(self, text: str) -> Iterator[object]:
        keys: list[object] = [
            *TEXT_FORM.findall(text),
            *UUID_FORM.findall(text.lower()),
            *PHOTO_FORM.findall(text),
        ]
        keys += [
            digits if len(digits) == 18 else int(re.sub("[.,]", "", digits))
            for digits in NUMBER_FORM.findall(text)
        ]
        keys += [_as_key(datetime.fromisoformat(moment)) for moment in MOMENT_FORM.findall(text)]
        yield from (key for key in keys if key in self.grounds)


def leaves(answer: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every scalar in nested dictionaries and lists, with its path."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            yield from leaves(value, f"{path}.{name}")
    elif isinstance(answer, list | tuple):
        for value in answer:
            yield from leaves(value, f"{path}[]")
    elif answer is not None:
        yield path, answer


def _decoded(text: str) -> str:
    """What a cursor carries, if it is one."""
    try:
        return base64.urlsafe_b64decode(text.encode()).decode()
    except (binascii.Error, ValueError):
        return ""


def _as_key(moment: datetime) -> str:
    return f"at {moment.timestamp():.6f}"


def _key_of(value: object) -> object:
    if isinstance(value, datetime):
        return _as_key(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str):
        token = TEXT_FORM.search(value)
        return token[0] if token else value
    return value
