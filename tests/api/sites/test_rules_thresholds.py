"""The position rules' numbers: the defaults, what an agency may change, and what it may not."""

import json
import re
from dataclasses import fields
from typing import Any

import pytest

from api.core.verdict import ReasonLevel
from api.sites.rules import GRADES, Code, PositionThresholds

INFO, FLAG, REVIEW, REFUSE = ReasonLevel


def test_defaults_are_the_numbers_agreed() -> None:
    assert PositionThresholds().to_mapping() == {
        "oldest_s": 120.0,
        "ahead_s": 60.0,
        "low_accuracy_m": 100.0,
        "poorest_accuracy_m": 1_000.0,
        "finest_accuracy_m": 0.5,
        "suspicious_kmh": 200.0,
        "suspicious_beyond_m": 5_000.0,
        "impossible_kmh": 1_000.0,
        "impossible_beyond_m": 50_000.0,
        "repeated_check_ins": 3,
        "repeated_window_days": 60,
        "burst_fixes": 3,
        "neighbour_window_s": 300.0,
        "device_accounts": 2,
        "desktop_factor": 0.25,
        "desktop_level": "FLAG",
        "review_score": 1.0,
        "disturbed_window_s": 1_800.0,
        "disturbed_failures": 5,
        "disturbed_share": 0.5,
        "levels": {},
        "weights": {},
    }


def test_every_code_is_graded_and_none_below_what_is_safe() -> None:
    assert set(GRADES) == set(Code)
    assert all(grade.level >= grade.least for grade in GRADES.values())
    assert all(0 <= grade.weight <= 10 for grade in GRADES.values())


@pytest.mark.parametrize(
    ("level", "weights"),
    [
        (INFO, {"POSITION_INSIDE": 0, "SITE_DISTURBED": 0}),
        (
            FLAG,
            {
                "ACCURACY_LOW": 0.2,
                "ACCURACY_TOO_GOOD": 0.5,
                "POSITION_UNCERTAIN": 0.1,
                "SPEED_SUSPICIOUS": 0.5,
                "SPEED_CLAIMED": 0.5,
                "COORDINATES_REPEATED": 0.5,
                "FIXES_WITHOUT_JITTER": 0.5,
            },
        ),
        (
            REVIEW,
            {
                "POSITION_MISSING": 1.0,
                "NO_DUTY_LOCATION": 0,
                "POSITION_OUTSIDE": 0.5,
                "SPEED_IMPOSSIBLE": 1.0,
                "COORDINATES_SHARED": 0.8,
                "DEVICE_SHARED": 0.8,
                "SIGNALS_TOGETHER": 0,
            },
        ),
        (
            REFUSE,
            {
                "POSITION_NOT_FINITE": 0.5,
                "POSITION_OUT_OF_RANGE": 0.5,
                "POSITION_TIME_WITHOUT_ZONE": 0.5,
                "POSITION_ZERO": 0.5,
                "POSITION_STALE": 0,
                "POSITION_AHEAD": 0.5,
                "ACCURACY_MISSING": 0.5,
                "ACCURACY_TOO_POOR": 0,
            },
        ),
    ],
)
def test_every_finding_has_its_level_and_weight(level: ReasonLevel, weights: dict[str, float]) -> None:
    assert {code for code, grade in GRADES.items() if grade.level == level} == set(weights)
    assert {code: PositionThresholds().weight(code) for code in weights} == weights


@pytest.mark.parametrize(
    ("least", "codes"),
    [
        (INFO, "POSITION_INSIDE SITE_DISTURBED"),
        (
            FLAG,
            "ACCURACY_LOW ACCURACY_TOO_GOOD POSITION_UNCERTAIN POSITION_OUTSIDE SPEED_SUSPICIOUS "
            "SPEED_CLAIMED COORDINATES_REPEATED FIXES_WITHOUT_JITTER COORDINATES_SHARED DEVICE_SHARED",
        ),
        (
            REVIEW,
            "POSITION_MISSING NO_DUTY_LOCATION POSITION_NOT_FINITE POSITION_OUT_OF_RANGE SPEED_IMPOSSIBLE "
            "POSITION_TIME_WITHOUT_ZONE POSITION_ZERO POSITION_STALE POSITION_AHEAD ACCURACY_MISSING "
            "ACCURACY_TOO_POOR SIGNALS_TOGETHER",
        ),
    ],
)
def test_no_agency_can_edit_a_check_away(least: ReasonLevel, codes: str) -> None:
    assert {code for code, grade in GRADES.items() if grade.least == least} == set(codes.split())
    for code in codes.split():
        assert PositionThresholds(levels={code: least}).reason(Code(code)).level == least
        for lower in (level for level in ReasonLevel if level < least):
            with pytest.raises(ValueError, match=f"levels.{code}: .* is below {least.name}"):
                PositionThresholds(levels={code: lower})


def test_an_agency_s_own_settings_come_back_from_json_as_they_were() -> None:
    data = {
        "oldest_s": 90,
        "desktop_level": "INFO",
        "levels": {"POSITION_OUTSIDE": "FLAG"},
        "weights": {"POSITION_OUTSIDE": 2.5},
    }
    own = PositionThresholds.from_mapping(data)
    assert own.reason(Code.POSITION_OUTSIDE).level == FLAG
    assert own.weight("POSITION_OUTSIDE") == 2.5
    assert own.weight("POSITION_UNCERTAIN") == 0.1
    assert own.desktop_level == INFO
    stored = json.loads(json.dumps(own.to_mapping()))
    assert {name: stored[name] for name in data} == data
    assert PositionThresholds.from_mapping(stored) == own
    assert hash(own) == hash(PositionThresholds.from_mapping(stored))


def test_every_number_has_bounds_that_hold_its_default_and_are_named() -> None:
    for item in fields(PositionThresholds):
        if item.name in ("levels", "weights", "desktop_level"):
            continue
        assert item.metadata["least"] <= item.default <= item.metadata["most"]
        assert item.metadata["unit"]
        for beyond in (item.metadata["least"] - 1, item.metadata["most"] + 1):
            with pytest.raises(ValueError, match=f"^{item.name}: "):
                PositionThresholds.from_mapping({item.name: beyond})


def test_what_an_agency_may_set_is_agreed_too() -> None:
    bounds = {item.name: item.metadata for item in fields(PositionThresholds) if item.metadata}
    assert {name: (bound["least"], bound["most"]) for name, bound in bounds.items()} == {
        "oldest_s": (5, 3_600),
        "ahead_s": (0, 3_600),
        "low_accuracy_m": (5, 5_000),
        "poorest_accuracy_m": (10, 5_000),
        "finest_accuracy_m": (0, 5),
        "suspicious_kmh": (50, 2_000),
        "suspicious_beyond_m": (100, 1_000_000),
        "impossible_kmh": (200, 10_000),
        "impossible_beyond_m": (1_000, 10_000_000),
        "repeated_check_ins": (2, 100),
        "repeated_window_days": (1, 366),
        "burst_fixes": (2, 10),
        "neighbour_window_s": (10, 3_600),
        "device_accounts": (2, 100),
        "desktop_factor": (0, 1),
        "review_score": (0.1, 100),
        "disturbed_window_s": (60, 86_400),
        "disturbed_failures": (2, 1_000),
        "disturbed_share": (0.1, 1),
    }


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"oldest": 120}, "oldest: no such setting"),
        ({"poorest_accuracy_m": 100.0}, "low_accuracy_m: 100.0 is not below poorest_accuracy_m"),
        ({"finest_accuracy_m": 5, "low_accuracy_m": 5}, "finest_accuracy_m: 5 is not below low_accuracy_m"),
        ({"suspicious_kmh": 1_000}, "suspicious_kmh: 1000 is not below impossible_kmh"),
        ({"impossible_beyond_m": 4_000}, "suspicious_beyond_m: 5000.0 is not below impossible_beyond_m"),
        ({"desktop_level": "REVIEW"}, "desktop_level: .*REVIEW.* is neither"),
        ({"desktop_level": "LOUD"}, "desktop_level: 'LOUD' is none of INFO, FLAG, REVIEW, REFUSE"),
        ({"desktop_level": 1}, "desktop_level: 1 is none"),
        ({"levels": {"POSITION_OUTSIDE": "PASS"}}, "levels.POSITION_OUTSIDE: 'PASS'"),
        ({"levels": {"TOO_LATE": "FLAG"}}, "levels.TOO_LATE: no such rule"),
        ({"weights": {"TOO_LATE": 1}}, "weights.TOO_LATE: no such rule"),
        ({"weights": {"DEVICE_SHARED": -0.1}}, "weights.DEVICE_SHARED: -0.1"),
        ({"weights": {"DEVICE_SHARED": 10.1}}, "weights.DEVICE_SHARED: 10.1"),
        ({"weights": {"DEVICE_SHARED": float("nan")}}, "weights.DEVICE_SHARED: nan"),
        ({"weights": {"DEVICE_SHARED": True}}, "weights.DEVICE_SHARED: True"),
        ({"weights": {"DEVICE_SHARED": "1"}}, "weights.DEVICE_SHARED: '1'"),
    ],
)
def test_the_absurd_is_refused_by_name(data: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=re.compile(f"^{named}")):
        PositionThresholds.from_mapping(data)


def test_a_level_must_be_a_level() -> None:
    with pytest.raises(ValueError, match=r"levels\.DEVICE_SHARED: 3"):
        PositionThresholds(levels={"DEVICE_SHARED": 3})  # type: ignore[dict-item]


@pytest.mark.parametrize("weight", [0, 10])
def test_weights_take_both_ends(weight: float) -> None:
    assert PositionThresholds(weights={"DEVICE_SHARED": weight}).weight("DEVICE_SHARED") == weight
