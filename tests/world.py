"""The cast: two agencies with the same paths, and in them everybody who may and may not see a thing.

Codes of units hold `_`, which a careless LIKE takes for any letter: `K_1` beside `KA1`, `3_` beside `39`.
"""

import hashlib
import io
import statistics
import struct
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from uuid import UUID

from PIL import Image

from api.core.identity import new_id
from api.core.policy import Role
from tests.api.canaries import Canaries

MODEL = "test-model"
DIMENSIONS = 512


@dataclass(frozen=True)
class Place:
    """A unit. `under` is the key of the one above."""

    key: str
    under: str | None
    code: str
    zone: str


@dataclass
class Person:
    """`role` is held on `reach` (a unit's key), None for the whole agency."""

    key: str
    agency: str
    unit: str
    role: Role | None = None
    reach: str | None = None
    superior: str | None = None
    active: bool = True
    name: str = ""
    nip: str = ""
    employee_id: UUID = field(default_factory=new_id)
    account_id: UUID = field(default_factory=new_id)
    token: str = ""
    session_id: UUID = field(default_factory=new_id)
    api_token: str = ""
    api_token_id: UUID = field(default_factory=new_id)
    nonce: str = ""
    #: By the state's name in small letters, and "decided", "home", "by_hand".
    check_ins: dict[str, UUID] = field(default_factory=dict)
    enrolments: dict[str, UUID] = field(default_factory=dict)


PLACES = {
    "a": (
        Place("root", None, "00", "Asia/Jakarta"),
        Place("province", "root", "3_", "Asia/Jakarta"),
        Place("office", "province", "K_1", "Asia/Jakarta"),
        Place("neighbour", "province", "KA1", "Asia/Jakarta"),
        Place("east", "root", "39", "Asia/Jayapura"),
    ),
    "b": (
        Place("b:root", None, "00", "Asia/Makassar"),
        Place("b:province", "b:root", "3_", "Asia/Makassar"),
        Place("b:office", "b:province", "K_1", "Asia/Makassar"),
    ),
}


def cast() -> list[Person]:
    return [
        Person("agency_admin", "a", "root", Role.AGENCY_ADMIN),
        Person("auditor", "a", "root", Role.AUDITOR),
        Person("hr_admin", "a", "province", Role.HR_ADMIN, "province", "agency_admin"),
        Person("supervisor", "a", "office", Role.SUPERVISOR, "office", "hr_admin"),
        Person("desk_officer", "a", "office", Role.DESK_OFFICER, "office", "supervisor"),
        Person("employee", "a", "office", Role.EMPLOYEE, "office", "supervisor"),
        Person("deskmate", "a", "office", superior="supervisor"),
        Person("retired", "a", "office", superior="supervisor", active=False),
        Person("other_supervisor", "a", "neighbour", Role.SUPERVISOR, "neighbour", "hr_admin"),
        Person("colleague", "a", "neighbour", superior="other_supervisor"),
        Person("easterner", "a", "east", superior="agency_admin"),
        Person("b:agency_admin", "b", "b:root", Role.AGENCY_ADMIN),
        Person("b:auditor", "b", "b:root", Role.AUDITOR),
        Person("b:hr_admin", "b", "b:province", Role.HR_ADMIN, "b:province"),
        Person("b:supervisor", "b", "b:office", Role.SUPERVISOR, "b:office", "b:hr_admin"),
        Person("b:employee", "b", "b:office", superior="b:supervisor"),
    ]


#: The actors of a sweep, a few to a test: a database of its own costs more than what one of them asks.
#: None is a stranger.
COMPANIES: tuple[tuple[str | None, ...], ...] = (
    ("employee", "desk_officer", None),
    ("auditor", "deskmate", "retired"),
    ("agency_admin", "hr_admin", "supervisor", "colleague", "easterner", "other_supervisor"),
    ("b:agency_admin", "b:auditor", "b:hr_admin", "b:supervisor", "b:employee"),
)


@dataclass
class World:
    """Everything that was planted, by key; rows are in the database."""

    now: datetime
    canaries: Canaries = field(default_factory=Canaries)
    people: dict[str, Person] = field(default_factory=dict)
    agencies: dict[str, UUID] = field(default_factory=dict)
    units: dict[str, UUID] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    locations: dict[str, UUID] = field(default_factory=dict)
    #: Agency → its proposed threshold that waits.
    calibrations: dict[str, UUID] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Person:
        return self.people[key]

    def of_agency(self, agency: str) -> list[Person]:
        return [person for person in self.people.values() if person.agency == agency]

    def covers(self, top: str | None, unit: str) -> bool:
        """Whether a unit is `top` or under it; None is the whole agency."""
        at: str | None = unit
        while at is not None:
            if top in (None, at):
                return True
            at = self.places[at].under
        return False


@cache
def jpeg(content: str) -> bytes:
    """A small picture of one colour, which tells `content` from others, as its comment does."""
    stream = io.BytesIO()
    Image.new("RGB", (96, 128), colour(content)).save(stream, "JPEG", comment=content.encode())
    return stream.getvalue()


def colour(content: str) -> tuple[int, int, int]:
    red, green, blue = hashlib.sha256(content.encode()).digest()[:3]
    return red, green, blue


def shows(photograph: bytes, content: str) -> bool:
    """Whether this is the picture of `content`, whatever was written over parts of it."""
    picture = Image.open(io.BytesIO(photograph)).convert("RGB")
    medians = [statistics.median(band.tobytes()) for band in picture.split()]
    return all(abs(found - meant) <= 12 for found, meant in zip(medians, colour(content), strict=True))


def vector(key: str) -> bytes:
    """A unit vector that only this person has, float32 little-endian."""
    values = [byte / 255 - 0.5 for byte in hashlib.shake_256(key.encode()).digest(DIMENSIONS)]
    length = sum(value * value for value in values) ** 0.5
    return struct.pack(f"<{DIMENSIONS}f", *(value / length for value in values))
