"""The position rules' numbers, as an agency may edit them. Defaults are those of the attendance issue."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from api.core.verdict import Limits, Param, Reason, ReasonLevel, bounded
from api.sites.plausibility.facts import Code

INFO, FLAG, REVIEW, REFUSE = ReasonLevel
LARGEST_WEIGHT = 10.0


class Grade(NamedTuple):
    """How grave a finding is. `least` is what no agency can go below: a check that can be edited away is
    an open door."""

    level: ReasonLevel
    weight: float
    least: ReasonLevel


GRADES: Mapping[Code, Grade] = {
    Code.POSITION_MISSING: Grade(REVIEW, 1.0, REVIEW),
    Code.NO_DUTY_LOCATION: Grade(REVIEW, 0.0, REVIEW),
    Code.POSITION_NOT_FINITE: Grade(REFUSE, 0.5, REVIEW),
    Code.POSITION_OUT_OF_RANGE: Grade(REFUSE, 0.5, REVIEW),
    Code.POSITION_TIME_WITHOUT_ZONE: Grade(REFUSE, 0.5, REVIEW),
    Code.POSITION_ZERO: Grade(REFUSE, 0.5, REVIEW),
    Code.POSITION_STALE: Grade(REFUSE, 0.0, REVIEW),
    Code.POSITION_AHEAD: Grade(REFUSE, 0.5, REVIEW),
    Code.ACCURACY_MISSING: Grade(REFUSE, 0.5, REVIEW),
    Code.ACCURACY_TOO_POOR: Grade(REFUSE, 0.0, REVIEW),
    Code.ACCURACY_LOW: Grade(FLAG, 0.2, FLAG),
    Code.ACCURACY_TOO_GOOD: Grade(FLAG, 0.5, FLAG),
    Code.POSITION_INSIDE: Grade(INFO, 0.0, INFO),
    Code.POSITION_UNCERTAIN: Grade(FLAG, 0.1, FLAG),
    Code.POSITION_OUTSIDE: Grade(REVIEW, 0.5, FLAG),
    Code.SPEED_SUSPICIOUS: Grade(FLAG, 0.5, FLAG),
    Code.SPEED_IMPOSSIBLE: Grade(REVIEW, 1.0, REVIEW),
    Code.SPEED_CLAIMED: Grade(FLAG, 0.5, FLAG),
    Code.COORDINATES_REPEATED: Grade(FLAG, 0.5, FLAG),
    Code.FIXES_WITHOUT_JITTER: Grade(FLAG, 0.5, FLAG),
    Code.COORDINATES_SHARED: Grade(REVIEW, 0.8, FLAG),
    Code.DEVICE_SHARED: Grade(REVIEW, 0.8, FLAG),
    Code.SIGNALS_TOGETHER: Grade(REVIEW, 0.0, REVIEW),
    Code.SITE_DISTURBED: Grade(INFO, 0.0, INFO),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionThresholds(Limits):
    """Every "over", "older" and "more than" is strict: at the number itself a fix still passes.

    Raises ValueError naming what is absurd.
    """

    oldest_s: float = bounded(120.0, 5, 3_600, "seconds")
    ahead_s: float = bounded(60.0, 0, 3_600, "seconds")

    low_accuracy_m: float = bounded(100.0, 5, 5_000, "metres")
    poorest_accuracy_m: float = bounded(1_000.0, 10, 5_000, "metres")
    #: Below it no receiver in a phone reports: a mark of a made-up position.
    finest_accuracy_m: float = bounded(0.5, 0, 5, "metres")

    suspicious_kmh: float = bounded(200.0, 50, 2_000, "km/h")
    suspicious_beyond_m: float = bounded(5_000.0, 100, 1_000_000, "metres")
    impossible_kmh: float = bounded(1_000.0, 200, 10_000, "km/h")
    impossible_beyond_m: float = bounded(50_000.0, 1_000, 10_000_000, "metres")

    #: From so many separate check-ins with one point to the last bit, this one counted.
    repeated_check_ins: int = bounded(3, 2, 100, "check-ins")
    #: How far back a point is looked for.
    repeated_window_days: int = bounded(60, 1, 366, "days")
    #: From so many fixes in one check-in with one point and one accuracy.
    burst_fixes: int = bounded(3, 2, 10, "fixes")
    neighbour_window_s: float = bounded(300.0, 10, 3_600, "seconds")
    #: From so many accounts on one device in one local day.
    device_accounts: int = bounded(2, 2, 100, "accounts")

    #: Desktops repeat a cached position all day: these weights and levels are lowered there.
    desktop_factor: float = bounded(0.25, 0, 1, "of the weight")
    desktop_level: ReasonLevel = FLAG
    #: Flags whose weights sum to this are one review: none alone is proof, together a person looks.
    review_score: float = bounded(1.0, 0.1, 100, "weights")

    disturbed_window_s: float = bounded(1_800.0, 60, 86_400, "seconds")
    disturbed_failures: int = bounded(5, 2, 1_000, "check-ins")
    disturbed_share: float = bounded(0.5, 0.1, 1, "of the site's check-ins")

    #: Only what differs from `GRADES`, by code.
    levels: Mapping[str, ReasonLevel] = field(default_factory=dict, hash=False)
    weights: Mapping[str, float] = field(default_factory=dict, hash=False)

    def check(self) -> None:
        for low, high in (
            ("finest_accuracy_m", "low_accuracy_m"),
            ("low_accuracy_m", "poorest_accuracy_m"),
            ("suspicious_kmh", "impossible_kmh"),
            ("suspicious_beyond_m", "impossible_beyond_m"),
        ):
            if getattr(self, low) >= getattr(self, high):
                raise ValueError(f"{low}: {getattr(self, low)} is not below {high}")
        if self.desktop_level not in (INFO, FLAG):
            raise ValueError(f"desktop_level: {self.desktop_level!r} is neither INFO nor FLAG")
        for code, level in self.levels.items():
            _check_level(code, level)
        for code, weight in self.weights.items():
            _check_weight(code, weight)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Self:
        """As `Limits.from_mapping`; levels by name: {"levels": {"POSITION_OUTSIDE": "FLAG"}}."""
        named = dict(data)
        if "desktop_level" in named:
            named["desktop_level"] = _level("desktop_level", named["desktop_level"])
        if "levels" in named:
            named["levels"] = {code: _level(f"levels.{code}", name) for code, name in named["levels"].items()}
        return super(PositionThresholds, cls).from_mapping(named)

    def to_mapping(self) -> dict[str, Any]:
        return Limits.to_mapping(self) | {
            "desktop_level": self.desktop_level.name,
            "levels": {code: level.name for code, level in self.levels.items()},
            "weights": dict(self.weights),
        }

    def reason(self, code: Code, most: ReasonLevel = REFUSE, **params: Param) -> Reason:
        """A finding at this agency's level for it, but never graver than `most`."""
        return Reason(code, min(self.levels.get(code, GRADES[code].level), most), params)

    def weight(self, code: str) -> float:
        return self.weights.get(code, GRADES[Code(code)].weight)


def _level(name: str, value: object) -> ReasonLevel:
    if not isinstance(value, str) or value not in ReasonLevel.__members__:
        raise ValueError(f"{name}: {value!r} is none of {', '.join(ReasonLevel.__members__)}")
    return ReasonLevel[value]


def _check_level(code: str, level: ReasonLevel) -> None:
    if code not in GRADES:
        raise ValueError(f"levels.{code}: no such rule")
    least = GRADES[Code(code)].least
    if not isinstance(level, ReasonLevel) or level < least:
        raise ValueError(f"levels.{code}: {level!r} is below {least.name}, the least that is safe")


def _check_weight(code: str, weight: float) -> None:
    if code not in GRADES:
        raise ValueError(f"weights.{code}: no such rule")
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= LARGEST_WEIGHT:
        raise ValueError(f"weights.{code}: {weight!r} is not a number between 0 and {LARGEST_WEIGHT:g}")
