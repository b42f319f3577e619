"""Sets of pictures on disk: LFW's layout, a folder a person, and attacks by kind."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from worker.accuracy.errors import SetRefused

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
PAIRS, LIVE, ATTACK = "pairs.txt", "live", "attack"
#: A line of pairs.txt: one name and two numbers, or two names with a number each.
SAME, DIFFERENT = 3, 4


class Pair(NamedTuple):
    """Two pictures, by their places in the set's list."""

    first: int
    second: int
    same: bool
    fold: int


@dataclass(frozen=True, slots=True)
class FaceSet:
    """Pictures of named people. Without pairs all are compared with all."""

    pictures: Sequence[Path]
    #: Of each picture.
    people: Sequence[str]
    pairs: Sequence[Pair] = ()
    #: Person → group, where a CSV names them.
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AttackSet:
    live: Sequence[Path]
    #: Kind of presentation attack instrument, as in "print" → its pictures.
    attacks: Mapping[str, Sequence[Path]]


def read_faces(folder: Path, groups: Path | None = None) -> FaceSet | None:
    """The set in a folder: pairs.txt of LFW where it lies, else a folder a person; None where there are neither.

    Raises SetRefused where a file does not say what it should.
    """
    found = _read_pairs(folder) if (folder / PAIRS).is_file() else _read_people(folder)
    if found is None or groups is None:
        return found
    return FaceSet(found.pictures, found.people, found.pairs, _read_groups(groups, frozenset(found.people)))


def read_attacks(folder: Path) -> AttackSet | None:
    """`live/` and `attack/<kind>/`; None where neither lies there. Raises SetRefused where one is missing."""
    live, attack = folder / LIVE, folder / ATTACK
    if not live.is_dir() and not attack.is_dir():
        return None
    kinds = {each.name: pictures_in(each) for each in sorted(attack.glob("*")) if each.is_dir()}
    found = AttackSet(pictures_in(live), {kind: pictures for kind, pictures in kinds.items() if pictures})
    if not found.live or not found.attacks:
        raise SetRefused(
            f"{folder}: put pictures of living people into {LIVE}/ and of each kind of attack into {ATTACK}/<kind>/."
        )
    return found


def pictures_in(folder: Path) -> list[Path]:
    """The pictures in a folder and in all under it, by name."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES)


def _read_people(folder: Path) -> FaceSet | None:
    names = [each for each in sorted(folder.iterdir()) if each.is_dir() and each.name not in (LIVE, ATTACK)]
    found = [(path, each.name) for each in names for path in pictures_in(each)]
    if not found:
        return None
    pictures, people = zip(*found, strict=True)
    return FaceSet(pictures, people)


def _read_pairs(folder: Path) -> FaceSet:
    """LFW's protocol: a first line of folds and pairs a fold and kind, then that many lines of each kind."""
    lines = (folder / PAIRS).read_text(encoding="utf-8").splitlines()
    head = lines[0].split() if lines else []
    if not head or not all(figure.isdecimal() and int(figure) for figure in head):
        raise SetRefused(f"{folder / PAIRS}, line 1: expected how many folds and how many pairs in each.")
    each = 2 * int(head[-1])
    places: dict[tuple[str, Path], int] = {}
    pairs = []
    for number, line in enumerate((line for line in lines[1:] if line.strip()), start=2):
        one, other = _pair(folder, number, line.split())
        first, second = (places.setdefault(name_and_path, len(places)) for name_and_path in (one, other))
        pairs.append(Pair(first, second, one[0] == other[0], (number - 2) // each))
    if not pairs:
        raise SetRefused(f"{folder / PAIRS}: it lists no pairs.")
    return FaceSet([path for _, path in places], [name for name, _ in places], pairs)


def _pair(folder: Path, number: int, words: Sequence[str]) -> tuple[tuple[str, Path], tuple[str, Path]]:
    if len(words) == SAME:
        named = (words[0], words[1]), (words[0], words[2])
    elif len(words) == DIFFERENT:
        named = (words[0], words[1]), (words[2], words[3])
    else:
        raise SetRefused(f"{folder / PAIRS}, line {number}: expected three or four words.")
    first, second = ((name, _numbered(folder, number, name, figure)) for name, figure in named)
    return first, second


def _numbered(folder: Path, number: int, name: str, figure: str) -> Path:
    if not figure.isdecimal() or Path(name).name != name:
        raise SetRefused(f"{folder / PAIRS}, line {number}: {name!r} {figure!r} names no picture.")
    path = folder / name / f"{name}_{int(figure):04d}.jpg"
    if not path.is_file():
        raise SetRefused(f"{folder / PAIRS}, line {number}: {path} is missing.")
    return path


def _read_groups(path: Path, people: frozenset[str]) -> dict[str, str]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            if not {"person", "group"} <= set(rows.fieldnames or ()):
                raise SetRefused(f"{path}: its first line must name the columns person and group.")
            found = {row["person"]: row["group"] for row in rows if row["person"] in people and row["group"]}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SetRefused(f"{path}: {error}") from error
    if not found:
        raise SetRefused(f"{path}: it names none of the people in the set.")
    return found
