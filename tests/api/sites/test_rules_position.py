"""GPS plausibility, rule by rule, at the very numbers where each begins to speak."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from math import inf, nan, nextafter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from api.core.verdict import Reason, ReasonLevel, worst
from api.sites.plausibility.geometry import Leg, leg
from api.sites.plausibility.signals import Case, impossible_speed, suspicious_speed
from api.sites.rules import (
    Circle,
    Code,
    Fix,
    History,
    PositionResult,
    PositionThresholds,
    PositionVerdict,
    Surroundings,
    assess,
    check_input,
    count_identical,
    distance_m,
    freshness,
    is_disturbed,
    place,
)

INFO, FLAG, REVIEW, REFUSE = ReasonLevel
NOW = datetime(2026, 11, 23, 0, 25, 13, 417_000, tzinfo=UTC)
DEFAULTS = PositionThresholds()
OFFICE = Circle(UUID(int=1), -6.1751, 106.8272, 100.0)
#: A degree of latitude on the library's sphere.
DEGREE_M = distance_m((0.0, 0.0), (1.0, 0.0))


def fix(
    north_m: float = 0.0,
    accuracy: float | None = 10.0,
    age_s: float = 0.0,
    *,
    at: Circle = OFFICE,
    **more: Any,
) -> Fix:
    """A fix so many metres north of a circle's centre."""
    return Fix(
        at.latitude + north_m / DEGREE_M, at.longitude, accuracy, NOW - timedelta(seconds=age_s), **more
    )


def judged(*fixes: Fix, circles: tuple[Circle, ...] = (OFFICE,), **more: Any) -> PositionVerdict:
    return assess(fixes, circles, NOW, more.pop("thresholds", DEFAULTS), **more)


def levels(verdict: PositionVerdict) -> dict[str, ReasonLevel]:
    return {str(reason.code): reason.level for reason in verdict.reasons}


def found(verdict: PositionVerdict, code: Code) -> Reason:
    return next(reason for reason in verdict.reasons if reason.code == code)


def test_a_good_fix_in_the_circle_is_inside_and_says_so() -> None:
    verdict = judged(fix(30))
    assert verdict.result is PositionResult.INSIDE
    assert levels(verdict) == {"POSITION_INSIDE": INFO}
    assert verdict.distance_m == pytest.approx(30, abs=1e-3)
    assert (verdict.accuracy_m, verdict.speed_kmh, verdict.circle_id) == (10.0, None, OFFICE.id)
    assert (verdict.best_fix, verdict.score) == (0, 0.0)


def test_distance_is_the_great_circle() -> None:
    # Monas to Gedung Sate: 119.6 km on the mean sphere.
    assert distance_m((-6.175392, 106.827153), (-6.902481, 107.618810)) == pytest.approx(119_185, rel=5e-3)
    assert distance_m((0.0, 0.0), (1.0, 0.0)) == pytest.approx(111_195, abs=1)


@pytest.mark.parametrize(
    ("distance", "accuracy", "radius", "result"),
    [
        (90, 10, 100, "INSIDE"),  # d + a = R
        (90, 10.001, 100, "UNCERTAIN"),
        (nextafter(90, 91), 10, 100, "UNCERTAIN"),
        (90, 10, nextafter(100, 99), "UNCERTAIN"),
        (0, 100, 100, "INSIDE"),
        (0, 101, 100, "UNCERTAIN"),
        (110, 10, 100, "UNCERTAIN"),  # d − a = R
        (nextafter(110, 111), 10, 100, "OUTSIDE"),
        (110, 9.999, 100, "OUTSIDE"),
        (5_000, 1_000, 4_000, "UNCERTAIN"),
        (5_000, 1_000, 3_999, "OUTSIDE"),
    ],
)
def test_place(distance: float, accuracy: float, radius: float, result: str) -> None:
    assert place(distance, accuracy, radius) == result


@pytest.mark.parametrize("bad", [-1.0, nan, inf])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_place_takes_only_lengths(bad: float, which: int) -> None:
    lengths = [50.0, 10.0, 100.0]
    lengths[which] = bad
    with pytest.raises(ValueError, match="no lengths"):
        place(*lengths)


@pytest.mark.parametrize("lengths", [(1.0, 0.0, 100.0), (1.0, 1.0, 0.0)])
def test_an_accuracy_or_a_radius_of_nothing_is_no_length(lengths: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="no lengths"):
        place(*lengths)


def test_outside_goes_to_a_person_and_uncertain_is_accepted_and_flagged() -> None:
    outside, uncertain = judged(fix(500.4)), judged(fix(95))
    assert (outside.result, levels(outside)) == (PositionResult.OUTSIDE, {"POSITION_OUTSIDE": REVIEW})
    assert found(outside, Code.POSITION_OUTSIDE).params == {"distance_m": 501, "radius_m": 100}
    assert outside.score == 0.5
    assert (uncertain.result, levels(uncertain)) == (PositionResult.UNCERTAIN, {"POSITION_UNCERTAIN": FLAG})
    assert uncertain.score == 0.1


# --- which fix, which circle -------------------------------------------------------------------------------


def test_the_most_accurate_fix_is_judged_not_the_most_convenient() -> None:
    verdict = judged(fix(0, 30), fix(400, 8), fix(0, 50))
    assert (verdict.best_fix, verdict.result) == (1, PositionResult.OUTSIDE)


def test_of_equally_accurate_fixes_the_newest_is_judged() -> None:
    assert judged(fix(1, age_s=9), fix(2, age_s=3), fix(3, age_s=5)).best_fix == 1


@pytest.mark.parametrize(
    ("north_m", "chosen", "result"),
    [(0, 1, "INSIDE"), (880, 3, "INSIDE"), (590, 2, "OUTSIDE"), (985, 3, "INSIDE"), (530, 2, "INSIDE")],
)
def test_the_most_favourable_circle_counts(north_m: float, chosen: int, result: str) -> None:
    """Circle 3 is far wider: nearest to its rim, not to its centre, decides."""
    circles = (
        OFFICE,
        Circle(UUID(int=2), OFFICE.latitude + 500 / DEGREE_M, OFFICE.longitude, 50.0),
        Circle(UUID(int=3), OFFICE.latitude + 1_000 / DEGREE_M, OFFICE.longitude, 300.0),
    )
    verdict = judged(fix(north_m), circles=circles)
    assert (verdict.circle_id, verdict.result) == (UUID(int=chosen), result)
    assert judged(fix(north_m), circles=circles[::-1]).circle_id == verdict.circle_id


def test_without_a_duty_location_a_person_decides_and_the_rest_is_still_looked_at() -> None:
    verdict = judged(fix(accuracy=150), circles=())
    assert verdict.result is PositionResult.NOT_CHECKED
    assert levels(verdict) == {"NO_DUTY_LOCATION": REVIEW, "ACCURACY_LOW": FLAG}
    assert (verdict.distance_m, verdict.circle_id, verdict.best_fix) == (None, None, 0)


def test_without_a_fix_nothing_was_checked() -> None:
    verdict = judged()
    assert (verdict.result, levels(verdict)) == (PositionResult.NOT_CHECKED, {"POSITION_MISSING": REVIEW})
    assert (verdict.best_fix, verdict.accuracy_m, verdict.score) == (None, None, 1.0)


# --- what cannot be used -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("latitude", nan, "POSITION_NOT_FINITE"),
        ("latitude", inf, "POSITION_NOT_FINITE"),
        ("longitude", -inf, "POSITION_NOT_FINITE"),
        ("accuracy", nan, "POSITION_NOT_FINITE"),
        ("accuracy", inf, "POSITION_NOT_FINITE"),
        ("altitude", nan, "POSITION_NOT_FINITE"),
        ("speed", inf, "POSITION_NOT_FINITE"),
        ("heading", nan, "POSITION_NOT_FINITE"),
        ("latitude", nextafter(90, 91), "POSITION_OUT_OF_RANGE"),
        ("latitude", nextafter(-90, -91), "POSITION_OUT_OF_RANGE"),
        ("latitude", 200, "POSITION_OUT_OF_RANGE"),
        ("latitude", 10**400, "POSITION_OUT_OF_RANGE"),
        ("longitude", nextafter(180, 181), "POSITION_OUT_OF_RANGE"),
        ("longitude", nextafter(-180, -181), "POSITION_OUT_OF_RANGE"),
        ("altitude", -12_001, "POSITION_OUT_OF_RANGE"),
        ("altitude", 100_001, "POSITION_OUT_OF_RANGE"),
        ("speed", -1, "POSITION_OUT_OF_RANGE"),
        ("speed", 100_001, "POSITION_OUT_OF_RANGE"),
        ("heading", -1, "POSITION_OUT_OF_RANGE"),
        ("heading", nextafter(360, 361), "POSITION_OUT_OF_RANGE"),
        ("time", datetime(2026, 11, 23, 7, 25), "POSITION_TIME_WITHOUT_ZONE"),
    ],
)
def test_nonsense_is_named_by_its_field_and_never_judged(field: str, value: Any, code: str) -> None:
    bad = replace(fix(), **{field: value})
    reason = check_input(bad)
    assert reason is not None
    assert (reason.code, reason.level, reason.params) == (code, REFUSE, {"field": field})
    verdict = judged(bad)
    assert (verdict.result, levels(verdict)) == (PositionResult.UNUSABLE, {code: REFUSE})
    beside = judged(fix(), bad)
    assert (beside.result, levels(beside)) == (PositionResult.INSIDE, {code: FLAG, "POSITION_INSIDE": INFO})


@pytest.mark.parametrize(
    "field_values",
    [
        {"latitude": 90.0},
        {"latitude": -90.0},
        {"longitude": 180.0},
        {"longitude": -180.0},
        {"altitude": -12_000.0, "speed": 0.0, "heading": 0.0},
        {"altitude": 100_000.0, "speed": 100_000.0, "heading": 360.0},
        {"altitude": None, "speed": None, "heading": None},
        {"accuracy": None},
        {"accuracy": -1.0},
    ],
)
def test_what_a_receiver_may_say_is_let_through_to_the_rules(field_values: dict[str, Any]) -> None:
    assert check_input(replace(fix(), **field_values)) is None


@pytest.mark.parametrize("point", [(0.0, 0.0), (-0.0, 0.0), (0, 0)])
def test_null_island_is_no_position(point: tuple[float, float]) -> None:
    verdict = judged(Fix(*point, 10.0, NOW), circles=(Circle(UUID(int=9), 0.0, 0.0, 100.0),))
    assert (verdict.result, levels(verdict)) == (PositionResult.UNUSABLE, {"POSITION_ZERO": REFUSE})


def test_the_equator_and_the_prime_meridian_are_positions() -> None:
    for point in ((0.0, 109.33), (51.48, 0.0)):  # Pontianak lies on the equator
        assert (
            judged(Fix(*point, 10.0, NOW), circles=(Circle(UUID(int=9), *point, 100.0),)).result == "INSIDE"
        )


@pytest.mark.parametrize(
    ("accuracy", "result", "reasons"),
    [
        (None, "UNUSABLE", {"ACCURACY_MISSING": REFUSE}),
        (0.0, "UNUSABLE", {"ACCURACY_MISSING": REFUSE}),
        (-0.0, "UNUSABLE", {"ACCURACY_MISSING": REFUSE}),
        (-5.0, "UNUSABLE", {"ACCURACY_MISSING": REFUSE}),
        (5e-324, "INSIDE", {"ACCURACY_TOO_GOOD": FLAG, "POSITION_INSIDE": INFO}),
        (nextafter(0.5, 0), "INSIDE", {"ACCURACY_TOO_GOOD": FLAG, "POSITION_INSIDE": INFO}),
        (0.5, "INSIDE", {"POSITION_INSIDE": INFO}),
        (100.0, "INSIDE", {"POSITION_INSIDE": INFO}),
        (nextafter(100, 101), "INSIDE", {"ACCURACY_LOW": FLAG, "POSITION_INSIDE": INFO}),
        (1_000.0, "INSIDE", {"ACCURACY_LOW": FLAG, "POSITION_INSIDE": INFO}),
        (nextafter(1_000, 1_001), "UNUSABLE", {"ACCURACY_TOO_POOR": REFUSE}),
        (1e308, "UNUSABLE", {"ACCURACY_TOO_POOR": REFUSE}),
    ],
)
def test_accuracy(accuracy: float | None, result: str, reasons: dict[str, ReasonLevel]) -> None:
    verdict = judged(fix(0, accuracy), circles=(replace(OFFICE, radius=5_000.0),))
    assert (verdict.result, levels(verdict)) == (result, reasons)


def test_accuracy_is_told_in_whole_metres_and_hostile_ones_shortly() -> None:
    assert found(judged(fix(accuracy=100.2)), Code.ACCURACY_LOW).params == {"accuracy_m": 101, "limit_m": 100}
    poor = found(judged(fix(accuracy=1e308)), Code.ACCURACY_TOO_POOR)
    assert poor.params == {"accuracy_m": 99_999_999, "limit_m": 1_000}


@pytest.mark.parametrize(
    ("age_s", "code"),
    [
        (120.0, None),
        (120.001, "POSITION_STALE"),
        (121.0, "POSITION_STALE"),
        (0.0, None),
        (-60.0, None),
        (-60.001, "POSITION_AHEAD"),
        (-61.0, "POSITION_AHEAD"),
        (86_400.0, "POSITION_STALE"),
        (-86_400.0, "POSITION_AHEAD"),
    ],
)
def test_freshness_to_the_millisecond(age_s: float, code: str | None) -> None:
    reason = freshness([fix(age_s=age_s)], NOW, DEFAULTS)
    assert (None if reason is None else reason.code) == code
    verdict = judged(fix(age_s=age_s))
    assert verdict.result == ("INSIDE" if code is None else "UNUSABLE")
    assert levels(verdict) == ({"POSITION_INSIDE": INFO} if code is None else {code: REFUSE})


def test_one_fresh_fix_is_enough_and_the_nearest_to_now_speaks_otherwise() -> None:
    assert freshness([fix(age_s=500), fix(age_s=119), fix(age_s=-90)], NOW, DEFAULTS) is None
    assert freshness([], NOW, DEFAULTS) is None
    stale = freshness([fix(age_s=900), fix(age_s=130.5), fix(age_s=-200)], NOW, DEFAULTS)
    assert stale == Reason("POSITION_STALE", REFUSE, {"age_s": 131, "limit_s": 120})
    ahead = freshness([fix(age_s=-300), fix(age_s=-70.5), fix(age_s=140)], NOW, DEFAULTS)
    assert ahead == Reason("POSITION_AHEAD", REFUSE, {"ahead_s": 71, "limit_s": 60})


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "UTC"])
def test_freshness_is_of_the_instant_not_of_the_clock_on_the_wall(zone: str) -> None:
    local = replace(fix(age_s=120), time=(NOW - timedelta(seconds=120)).astimezone(ZoneInfo(zone)))
    assert freshness([local], NOW.astimezone(ZoneInfo("Asia/Jayapura")), DEFAULTS) is None
    assert freshness([replace(local, time=local.time - timedelta(milliseconds=1))], NOW, DEFAULTS) is not None


def test_freshness_where_one_zone_sets_its_clocks_back() -> None:
    """Two times of one zone are subtracted by their faces in Python: an hour would go missing."""
    berlin = ZoneInfo("Europe/Berlin")
    before, after = (
        datetime(2026, 10, 25, 2, 30, tzinfo=berlin),
        datetime(2026, 10, 25, 2, 30, 30, tzinfo=berlin),
    )
    late = freshness([replace(fix(), time=before)], after.replace(fold=1), DEFAULTS)
    assert late is not None
    assert late.params["age_s"] == 3_630


@pytest.mark.parametrize("time", [datetime.min, datetime.max])
@pytest.mark.parametrize("hours", [-14, 0, 14])
def test_the_ends_of_time_are_only_stale_or_ahead(time: datetime, hours: int) -> None:
    edge = replace(fix(), time=time.replace(tzinfo=timezone(timedelta(hours=hours))))
    assert judged(edge).result is PositionResult.UNUSABLE


def test_unusable_fixes_beside_a_good_one_are_set_aside_and_named() -> None:
    verdict = judged(fix(0, 2_500), fix(0, age_s=400), fix(0, None), fix(0, -1), fix(20, 12))
    assert (verdict.best_fix, verdict.result) == (4, PositionResult.INSIDE)
    assert levels(verdict) == {
        "ACCURACY_MISSING": FLAG,
        "ACCURACY_TOO_POOR": INFO,
        "POSITION_STALE": INFO,
        "POSITION_INSIDE": INFO,
    }
    assert len(verdict.reasons) == 4
    assert verdict.score == 0.5


# --- speed -------------------------------------------------------------------------------------------------


def speeding(*legs: Leg) -> Case:
    here = fix()
    return Case((here,), here, PositionResult.INSIDE, OFFICE, 0.0, legs, None, History(), Surroundings())


@pytest.mark.parametrize(
    ("distance", "kmh", "code"),
    [
        (5_001, 200.0, None),
        (5_000, 5_000.0, None),
        (nextafter(5_000, 5_001), nextafter(200, 201), "SPEED_SUSPICIOUS"),
        (50_000, 5_000.0, "SPEED_SUSPICIOUS"),
        (60_000, 1_000.0, "SPEED_SUSPICIOUS"),
        (nextafter(50_000, 50_001), nextafter(1_000, 1_001), "SPEED_IMPOSSIBLE"),
        (900_000, 900.0, "SPEED_SUSPICIOUS"),
    ],
)
def test_speed_at_its_numbers(distance: float, kmh: float, code: str | None) -> None:
    rules = (suspicious_speed, impossible_speed)
    said = [reason.code for rule in rules if (reason := rule(speeding(Leg(distance, kmh)), DEFAULTS))]
    assert said == ([code] if code else [])


def test_a_leg_must_be_both_far_and_fast() -> None:
    assert suspicious_speed(speeding(Leg(9_000, 50.0), Leg(300, 900.0)), DEFAULTS) is None


def test_the_fastest_leg_is_told() -> None:
    told = suspicious_speed(speeding(Leg(9_000, 250.0), Leg(9_000, 700.5), Leg(9_000, 300.0)), DEFAULTS)
    assert told == Reason("SPEED_SUSPICIOUS", FLAG, {"speed_kmh": 701, "limit_kmh": 200})


def test_a_leg_is_the_least_speed_that_the_accuracies_allow() -> None:
    a, b = fix(0, 100, age_s=3_600), fix(10_000, 400)
    assert leg(a, b).distance_m == pytest.approx(10_000)
    assert leg(a, b).speed_kmh == pytest.approx(9.5)
    assert leg(fix(0, 100, 10), fix(450, 400)).speed_kmh == 0.0


def test_time_order_does_not_matter_and_no_time_counts_as_a_second() -> None:
    a, b = fix(0, 1, age_s=60), fix(6_000, 1)
    assert leg(a, b) == leg(b, a)
    assert leg(fix(0, 1), b).speed_kmh == pytest.approx(5_998 * 3.6)
    assert leg(fix(0, 1, age_s=0.4), b).speed_kmh == leg(fix(0, 1), b).speed_kmh
    assert leg(fix(0, 1, age_s=2), b).speed_kmh == pytest.approx(5_998 * 1.8)


@pytest.mark.parametrize(
    ("hours", "code", "level"),
    [
        (24.0, None, None),
        (2.0, "SPEED_SUSPICIOUS", FLAG),  # Surabaya is 660 km away
        (0.5, "SPEED_IMPOSSIBLE", REVIEW),
    ],
)
def test_speed_since_the_last_accepted_fix(hours: float, code: str | None, level: ReasonLevel | None) -> None:
    surabaya = Fix(-7.2575, 112.7521, 20.0, NOW - timedelta(hours=hours))
    verdict = judged(fix(), history=History(last_accepted=surabaya))
    assert levels(verdict) == {"POSITION_INSIDE": INFO} | ({code: level} if code else {})
    assert verdict.speed_kmh == pytest.approx((distance_m(surabaya.point, fix().point) - 30) / hours / 1_000)
    if code == "SPEED_SUSPICIOUS":
        assert found(verdict, Code.SPEED_SUSPICIOUS).params["limit_kmh"] == 200
        assert found(verdict, Code.SPEED_SUSPICIOUS).params["speed_kmh"] in (333, 334)


def test_crossing_the_zones_is_no_leap() -> None:
    """From Kupang (WITA) to Jayapura (WIT) by aeroplane; the clocks differ, the hours do not."""
    kupang = Fix(-10.1772, 123.607, 15.0, datetime(2026, 11, 23, 2, 0, tzinfo=ZoneInfo("Asia/Makassar")))
    jayapura = Circle(UUID(int=7), -2.5337, 140.7181, 150.0)
    verdict = assess(
        [replace(fix(at=jayapura), time=NOW.astimezone(ZoneInfo("Asia/Jayapura")))],
        [jayapura],
        NOW,
        PositionThresholds(suspicious_kmh=400.0),
        History(last_accepted=kupang),
    )
    assert verdict.speed_kmh == pytest.approx(324, abs=8)
    assert worst(verdict.reasons) == INFO


def test_a_leap_within_the_burst_is_seen_even_behind_a_coarse_fix() -> None:
    leap = judged(fix(0, 5, age_s=4), fix(4_000, 999, age_s=2), fix(8_000, 6))
    assert levels(leap)["SPEED_SUSPICIOUS"] == FLAG
    assert leap.speed_kmh is None


@pytest.mark.parametrize(
    "last",
    [
        Fix(0.0, 0.0, 10.0, NOW - timedelta(hours=1)),
        Fix(nan, 106.0, 10.0, NOW - timedelta(hours=1)),
        Fix(50.0, 8.0, None, NOW - timedelta(minutes=1)),
    ],
)
def test_a_worthless_last_fix_accuses_nobody(last: Fix) -> None:
    verdict = judged(fix(), history=History(last_accepted=last))
    assert (verdict.speed_kmh, levels(verdict)) == (None, {"POSITION_INSIDE": INFO})


@pytest.mark.parametrize(("speed", "flagged"), [(55.5, False), (56.0, True), (250.0, True), (0.0, False)])
def test_a_claimed_speed_of_an_aeroplane_is_flagged(speed: float, flagged: bool) -> None:
    verdict = judged(fix(speed=speed))
    assert levels(verdict) == {"POSITION_INSIDE": INFO} | ({"SPEED_CLAIMED": FLAG} if flagged else {})


def test_a_claimed_speed_at_its_number() -> None:
    at = PositionThresholds(suspicious_kmh=60.0 * 3.6)
    assert levels(judged(fix(speed=60.0), thresholds=at)) == {"POSITION_INSIDE": INFO}
    claimed = found(judged(fix(speed=60.1), thresholds=at), Code.SPEED_CLAIMED)
    assert claimed.params == {"speed_kmh": 217, "limit_kmh": 216}


def test_every_usable_fix_of_a_burst_is_looked_at() -> None:
    made_up = judged(fix(0, 10), fix(1, 0.1), fix(2, 11))
    assert levels(made_up) == {"ACCURACY_TOO_GOOD": FLAG, "POSITION_INSIDE": INFO}
    flying = judged(fix(0, 10), fix(1, 11, speed=90.0), fix(2, 12, speed=1.0))
    assert levels(flying) == {"SPEED_CLAIMED": FLAG, "POSITION_INSIDE": INFO}


# --- replayed positions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("earlier", "flagged"), [(0, False), (1, False), (2, True), (30, True)])
def test_the_same_point_from_the_third_check_in_on(earlier: int, flagged: bool) -> None:
    verdict = judged(fix(), history=History(identical_check_ins=earlier))
    assert levels(verdict) == {"POSITION_INSIDE": INFO} | ({"COORDINATES_REPEATED": FLAG} if flagged else {})
    if flagged:
        assert found(verdict, Code.COORDINATES_REPEATED).params == {"count": earlier + 1}
        assert verdict.score == 0.5


def test_counting_identical_points() -> None:
    a, b = fix(0), fix(1)
    assert count_identical([a, b], []) == 0
    assert count_identical([], [{a.point}]) == 0
    assert count_identical([a], [[a.point, a.point], {b.point}, {a.point, b.point}]) == 2
    assert count_identical([b, a], [{a.point}, {a.point}, {b.point}]) == 2
    nearly = (nextafter(a.latitude, 0), a.longitude)
    assert count_identical([a], [{nearly}]) == 0


@pytest.mark.parametrize(
    ("burst", "flagged"),
    [
        ([(0, 10)] * 2, False),
        ([(0, 10)] * 3, True),
        ([(0, 10)] * 10, True),
        ([(0, 10), (0, 10), (0, 11)], False),
        ([(0, 10), (0, 10), (0.5, 10)], False),
        ([(0, 10), (0, 10), (0, 10), (0.5, 10)], False),
        ([(0, 10), (0, 10), (0, 5_000)], False),  # two usable fixes are no burst
    ],
)
def test_a_burst_without_jitter(burst: list[tuple[float, float]], flagged: bool) -> None:
    verdict = judged(*(fix(north, accuracy, age_s=i) for i, (north, accuracy) in enumerate(burst)))
    assert ("FIXES_WITHOUT_JITTER" in levels(verdict)) == flagged
    if flagged:
        reason = found(verdict, Code.FIXES_WITHOUT_JITTER)
        assert (reason.level, reason.params) == (FLAG, {"count": len(burst)})


def test_replays_together_are_a_review_on_phones_and_weaker_on_desktops() -> None:
    replayed = [fix(age_s=i) for i in range(3)]
    history = History(identical_check_ins=5)
    phone = judged(*replayed, history=history)
    assert (worst(phone.reasons), phone.score) == (REVIEW, 1.0)
    assert found(phone, Code.SIGNALS_TOGETHER).params == {"count": 2}
    desktop = judged(*replayed, history=history, surroundings=Surroundings(desktop=True))
    assert (worst(desktop.reasons), desktop.score) == (FLAG, 0.25)
    noted = judged(
        *replayed,
        history=history,
        surroundings=Surroundings(desktop=True),
        thresholds=PositionThresholds(desktop_level=INFO),
    )
    assert (worst(noted.reasons), noted.score) == (INFO, 0.0)
    assert {"COORDINATES_REPEATED", "FIXES_WITHOUT_JITTER"} <= set(levels(noted))


def test_an_agency_may_refuse_replays_from_phones_alone() -> None:
    strict = PositionThresholds(levels={"COORDINATES_REPEATED": REFUSE})
    again = History(identical_check_ins=2)
    phone = judged(fix(), history=again, thresholds=strict)
    desktop = judged(fix(), history=again, thresholds=strict, surroundings=Surroundings(desktop=True))
    assert (worst(phone.reasons), worst(desktop.reasons)) == (REFUSE, FLAG)


def test_only_replays_are_weaker_on_desktops() -> None:
    desktop = Surroundings(desktop=True)
    assert judged(fix(accuracy=150), surroundings=desktop) == judged(fix(accuracy=150))


def test_flags_together_reach_a_person_exactly_at_the_score() -> None:
    here = fix(95, 150, speed=90.0)
    below = judged(here, thresholds=PositionThresholds(review_score=nextafter(0.8, 1)))
    at = judged(here, thresholds=PositionThresholds(review_score=0.8))
    assert (below.score, worst(below.reasons)) == (0.8, FLAG)
    assert (at.score, worst(at.reasons)) == (0.8, REVIEW)
    assert found(at, Code.SIGNALS_TOGETHER).params == {"count": 3}
    assert at.reasons[0].code == "SIGNALS_TOGETHER"


def test_what_is_a_review_already_needs_no_sum() -> None:
    verdict = judged(fix(500, 20), history=History(identical_check_ins=4), surroundings=Surroundings(1, 2))
    assert verdict.score == pytest.approx(2.6)
    assert "SIGNALS_TOGETHER" not in levels(verdict)


# --- the others, the device, the site ----------------------------------------------------------------------


def test_neighbours_at_one_point_are_a_review() -> None:
    assert levels(judged(fix(), surroundings=Surroundings(others_at_point=0))) == {"POSITION_INSIDE": INFO}
    shared = judged(fix(), surroundings=Surroundings(others_at_point=1))
    assert levels(shared) == {"COORDINATES_SHARED": REVIEW, "POSITION_INSIDE": INFO}
    assert (found(shared, Code.COORDINATES_SHARED).params, shared.score) == ({"others": 1}, 0.8)


@pytest.mark.parametrize(("accounts", "review"), [(0, False), (1, False), (2, True), (9, True)])
def test_one_device_with_two_accounts_in_a_day_is_a_review(accounts: int, review: bool) -> None:
    verdict = judged(fix(), surroundings=Surroundings(accounts_on_device=accounts))
    assert levels(verdict) == {"POSITION_INSIDE": INFO} | ({"DEVICE_SHARED": REVIEW} if review else {})
    if review:
        assert found(verdict, Code.DEVICE_SHARED).params == {"accounts": accounts}


DISTURBED = Surroundings(disturbed=True)


def test_a_disturbed_site_holds_flags_back_and_loses_none() -> None:
    quiet = judged(fix(95, 150, speed=90.0))
    held = judged(fix(95, 150, speed=90.0), surroundings=DISTURBED)
    assert set(levels(held)) == set(levels(quiet)) | {"SITE_DISTURBED"}
    assert (worst(held.reasons), held.score) == (INFO, 0.0)
    assert found(held, Code.ACCURACY_LOW).params == {"accuracy_m": 150, "limit_m": 100, "held": "FLAG"}
    assert held.result is quiet.result
    assert held.level_found == quiet.level_found == FLAG


def test_a_disturbed_site_holds_back_nothing_graver() -> None:
    outside = judged(fix(500, 150), surroundings=DISTURBED)
    assert levels(outside) == {"POSITION_OUTSIDE": REVIEW, "ACCURACY_LOW": INFO, "SITE_DISTURBED": INFO}
    assert outside.level_found == REVIEW
    assert "held" not in found(outside, Code.POSITION_OUTSIDE).params
    assert levels(judged(fix(accuracy=0), surroundings=DISTURBED)) == {"ACCURACY_MISSING": REFUSE}
    assert levels(judged(surroundings=DISTURBED)) == {"POSITION_MISSING": REVIEW}


def test_a_disturbed_site_is_silent_where_nothing_is_held() -> None:
    assert levels(judged(fix(), surroundings=DISTURBED)) == {"POSITION_INSIDE": INFO}
    assert judged(fix(), surroundings=DISTURBED).level_found == INFO


@pytest.mark.parametrize(
    ("failures", "total", "disturbed"),
    [(4, 4, False), (5, 5, True), (5, 10, True), (5, 11, False), (6, 11, True), (0, 0, False)],
)
def test_many_must_fail_together(failures: int, total: int, disturbed: bool) -> None:
    assert is_disturbed(failures, total, DEFAULTS) is disturbed


@pytest.mark.parametrize(("failures", "total"), [(-1, 3), (4, 3)])
def test_counts_that_are_none(failures: int, total: int) -> None:
    with pytest.raises(ValueError, match="no counts"):
        is_disturbed(failures, total, DEFAULTS)


def test_nothing_is_held_against_whom_nothing_is_known_of() -> None:
    assert History() == History(last_accepted=None, identical_check_ins=0)
    assert Surroundings() == Surroundings(0, 0, disturbed=False, desktop=False)


# --- the edges of the map ----------------------------------------------------------------------------------


def test_the_antimeridian_is_no_wall() -> None:
    circle = Circle(UUID(int=5), 12.0, 180.0, 100.0)
    verdict = judged(Fix(12.0, -180.0, 10.0, NOW), circles=(circle,))
    assert verdict.result is PositionResult.INSIDE
    assert verdict.distance_m == pytest.approx(0, abs=1e-6)
    near = judged(Fix(12.0, -179.9995, 10.0, NOW), circles=(circle,))
    assert near.distance_m == pytest.approx(54.4, abs=0.1)


@pytest.mark.parametrize("pole", [90.0, -90.0])
def test_at_the_poles_every_longitude_is_one(pole: float) -> None:
    circle = Circle(UUID(int=6), pole, 0.0, 100.0)
    assert judged(Fix(pole, 137.0, 10.0, NOW), circles=(circle,)).result is PositionResult.INSIDE


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("latitude", 90.1),
        ("longitude", -180.1),
        ("latitude", nan),
        ("radius", 0.0),
        ("radius", -1.0),
        ("radius", nan),
        ("radius", 100_000.1),
    ],
)
def test_a_circle_that_is_none_is_loud(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"duty location .*1: {field}"):
        replace(OFFICE, **{field: value})  # type: ignore[arg-type]


def test_the_widest_circle_is_still_one() -> None:
    assert replace(OFFICE, radius=100_000.0).radius == 100_000.0
