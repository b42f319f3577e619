"""What is told about a face pack: the figures of one evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.accuracy.figures import Equal, Rate, Scores


@dataclass(frozen=True, slots=True)
class Point:
    """Errors at one threshold, and why that one."""

    why: str
    threshold: float
    fmr: Rate
    fnmr: Rate
    #: Whether the set has impostors enough to show a rate as small as the one aimed at.
    provable: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """Errors of one group at the threshold in use."""

    name: str
    people: int
    fmr: Rate
    fnmr: Rate


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    pictures: int
    people: int
    #: Pictures in which no face was found, ISO's failure to acquire.
    failed: Rate
    protocol: str
    scores: Scores
    equal: Equal | None
    points: Sequence[Point]
    groups: Sequence[Group]
    #: Mean and standard deviation over LFW's folds.
    accuracy: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Attack:
    """One kind. A picture without a face is no success of the attacker, and counted apart (APNRR)."""

    kind: str
    pictures: int
    #: Taken for a living face (APCER), at the threshold below which a check-in is refused …
    passed_or_reviewed: Rate
    #: … and at the one below which a person looks at it.
    passed: Rate
    without_face: int
    scores: Sequence[float]


@dataclass(frozen=True, slots=True)
class Attacks:
    refuse_below: float
    review_below: float
    #: Living people refused (BPCER), and those refused or sent to a person.
    refused: Rate
    refused_or_reviewed: Rate
    without_face: int
    live: int
    live_scores: Sequence[float]
    kinds: Sequence[Attack]


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    model_id: str
    liveness_model_id: str | None
    set_name: str
    made_at: datetime
    versions: dict[str, str]
    matching: Matching | None
    attacks: Attacks | None
