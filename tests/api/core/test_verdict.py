"""The shared vocabulary: levels that compare, reasons that can be stored, limits that refuse by name."""

import json
from dataclasses import FrozenInstanceError, dataclass
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.core.verdict import Limits, Reason, ReasonLevel, bounded, worst, worst_first

LEVELS = st.sampled_from(ReasonLevel)
REASONS = st.lists(st.builds(Reason, st.sampled_from(["A", "B", "C"]), LEVELS), max_size=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Limits):
    length_m: float = bounded(10.0, 1, 100, "metres")
    count: int = bounded(3, 2, 5, "things")
    label: str = "free"

    def check(self) -> None:
        if self.count > self.length_m:
            raise ValueError("count: more than length_m")


def test_levels_are_ordered_from_note_to_refusal() -> None:
    assert [level.name for level in sorted(ReasonLevel)] == ["INFO", "FLAG", "REVIEW", "REFUSE"]


def test_worst_of_nothing_is_a_note() -> None:
    assert worst([]) == ReasonLevel.INFO


@given(REASONS, LEVELS)
def test_another_reason_never_betters_the_worst(reasons: list[Reason], level: ReasonLevel) -> None:
    assert worst([*reasons, Reason("NEW", level)]) >= worst(reasons)
    assert worst([*reasons, Reason("NEW", level)]) >= level


@given(REASONS)
def test_worst_comes_first_and_equals_keep_their_order(reasons: list[Reason]) -> None:
    ordered = worst_first(reasons)
    assert [reason.level for reason in ordered] == sorted((reason.level for reason in reasons), reverse=True)
    for level in ReasonLevel:
        assert [r for r in ordered if r.level == level] == [r for r in reasons if r.level == level]


def test_reason_survives_storage() -> None:
    reason = Reason("LATE", ReasonLevel.FLAG, {"minutes": 7, "field": "time", "share": 0.5})
    stored = json.loads(json.dumps(reason.to_data()))
    assert stored == {
        "code": "LATE",
        "level": "FLAG",
        "params": {"minutes": 7, "field": "time", "share": 0.5},
    }
    assert Reason.from_data(stored) == reason
    assert Reason.from_data({"code": "LATE", "level": "FLAG"}) == Reason("LATE", ReasonLevel.FLAG)


def test_reason_cannot_be_changed_afterwards() -> None:
    params = {"minutes": 7}
    reason = Reason("LATE", ReasonLevel.FLAG, params)
    params["minutes"] = 8
    assert reason.params == {"minutes": 7}
    with pytest.raises(TypeError):
        reason.params["minutes"] = 9  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        reason.level = ReasonLevel.INFO  # type: ignore[misc]
    assert len({reason, Reason("LATE", ReasonLevel.FLAG, {"minutes": 7})}) == 1


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_reason_refuses_what_json_cannot_hold(value: float) -> None:
    with pytest.raises(ValueError, match="LATE: minutes"):
        Reason("LATE", ReasonLevel.FLAG, {"minutes": value})


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"lenght_m": 5}, "lenght_m: no such setting"),
        ({"length_m": 0.99}, "length_m: 0.99 is not between 1 and 100 metres"),
        ({"length_m": 100.01}, "length_m: 100.01"),
        ({"length_m": nan}, "length_m: nan"),
        ({"length_m": inf}, "length_m: inf"),
        ({"length_m": "10"}, "length_m: '10' is not a number"),
        ({"length_m": True}, "length_m: True is not a number"),
        ({"length_m": None}, "length_m: None is not a number"),
        ({"count": 2.0}, "count: 2.0 is not a whole number"),
        ({"count": 1}, "count: 1 is not between 2 and 5 things"),
        ({"count": 6}, "count: 6"),
        ({"count": 5, "length_m": 4}, "count: more than length_m"),
    ],
)
def test_limits_refuse_by_name(data: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named.replace(".", r"\.").replace("*", r"\*")):
        Sample.from_mapping(data)


@pytest.mark.parametrize("data", [{"length_m": 5}, {"length_m": 100}, {"count": 2}, {"count": 5}, {}])
def test_limits_take_both_ends_and_come_back(data: dict[str, Any]) -> None:
    limits = Sample.from_mapping(data)
    assert limits.to_mapping() == {"length_m": 10.0, "count": 3, "label": "free"} | data
    assert Sample.from_mapping(limits.to_mapping()) == limits
