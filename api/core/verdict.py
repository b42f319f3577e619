"""The words in which every rule speaks: a reason, how grave it is, the numbers behind it, and its limits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum
from math import isfinite
from types import MappingProxyType
from typing import Any, Self

Param = float | int | str


class ReasonLevel(IntEnum):
    """Ordered, so that the worst reason decides: comparing levels is the whole arithmetic of a verdict."""

    INFO = 0  #: told, changes nothing
    FLAG = 1  #: accepted, and marked for whoever watches
    REVIEW = 2  #: a person decides
    REFUSE = 3  #: not accepted; the person can try again, or contest it


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding of one rule. Its sentence stands in `locale/reasons.*.toml` under `code`.

    Raises ValueError where a parameter is not finite: it could be neither stored as JSON nor read.
    """

    code: str
    level: ReasonLevel
    params: Mapping[str, Param] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for name, value in self.params.items():
            if isinstance(value, float) and not isfinite(value):
                raise ValueError(f"{self.code}: {name} is not finite")
        object.__setattr__(self, "params", MappingProxyType(dict(self.params)))

    def to_data(self) -> dict[str, object]:
        """As a row stores it: code, the level's name, params."""
        return {"code": str(self.code), "level": self.level.name, "params": dict(self.params)}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """What `to_data` gave. Raises KeyError on a level nobody knows."""
        return cls(data["code"], ReasonLevel[data["level"]], data.get("params", {}))


def worst(reasons: Iterable[Reason]) -> ReasonLevel:
    """The level that decides; INFO where nothing was found."""
    return max((reason.level for reason in reasons), default=ReasonLevel.INFO)


def worst_first(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Graver first; within a level the order in which the rules spoke."""
    return tuple(sorted(reasons, key=lambda reason: -reason.level))


def bounded(default: float, least: float, most: float, unit: str) -> Any:
    """A number of a `Limits` class: its default, and what an agency may set it to, both ends included."""
    return field(default=default, metadata={"least": least, "most": most, "unit": unit})


class Limits:
    """Base of the thresholds: numbers that an agency edits as data, refused by name where they are absurd.

    A subclass is a frozen dataclass whose numbers are `bounded`. One whose default is an int takes whole
    numbers only. `check` is for what two fields must satisfy together.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        for item in fields(self):  # type: ignore[arg-type]  # subclasses are dataclasses
            if "least" in item.metadata:
                _check_number(item.name, getattr(self, item.name), item.default, item.metadata)
        self.check()

    def check(self) -> None:
        """Raises ValueError where fields contradict each other."""

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Self:
        """From an agency's own settings; what is left out keeps its default.

        Raises ValueError naming the first setting that is unknown, or no number, or out of bounds.
        """
        known = {item.name for item in fields(cls)}  # type: ignore[arg-type]
        for name in data:
            if name not in known:
                raise ValueError(f"{name}: no such setting")
        return cls(**data)

    def to_mapping(self) -> dict[str, Any]:
        """What is stored with a verdict, so that it can be explained after the settings have changed."""
        return {item.name: getattr(self, item.name) for item in fields(self)}  # type: ignore[arg-type]


def _check_number(name: str, value: object, default: object, bounds: Mapping[str, Any]) -> None:
    kinds = (int,) if isinstance(default, int) else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise ValueError(f"{name}: {value!r} is not a {'whole ' if kinds == (int,) else ''}number")
    if not bounds["least"] <= value <= bounds["most"]:  # also false for NaN
        raise ValueError(
            f"{name}: {value} is not between {bounds['least']} and {bounds['most']} {bounds['unit']}"
        )
