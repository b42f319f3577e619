"""What holds for every position, however hostile its numbers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isfinite
from uuid import UUID

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from api.core.verdict import ReasonLevel, worst
from api.sites.plausibility.geometry import leg
from api.sites.rules import (
    Circle,
    Fix,
    History,
    PositionResult,
    PositionThresholds,
    Surroundings,
    assess,
    distance_m,
    freshness,
    place,
)

#: No deadline and no database: the tests run side by side, on machines that are busy.
steady = settings(max_examples=150, deadline=None, database=None)

NOW = datetime(2026, 11, 23, 0, 25, tzinfo=UTC)
DEFAULTS = PositionThresholds()

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)
POINTS = st.tuples(LATITUDES, LONGITUDES)
LENGTHS = st.floats(0, 1e7)
POSITIVE = st.floats(1e-6, 1e6)
HOSTILE = st.one_of(
    st.floats(),
    st.sampled_from([0.0, -0.0, -6.1751, 106.8272, 1e308, -1e308, 5e-324, 90.0, 180.0, -180.0, 200.0]),
)
INSTANTS = st.one_of(
    st.datetimes(timezones=st.timezones()),
    st.floats(-4e5, 4e5).map(lambda seconds: NOW - timedelta(seconds=seconds)),
    st.floats(-70, 130).map(lambda seconds: NOW - timedelta(seconds=seconds)),
)
TIMES = INSTANTS | st.datetimes()
OFFICE_POINT = (-6.1751, 106.8272)
OFFICE = Circle(UUID(int=1), *OFFICE_POINT, 100.0)
ANYWHERE = st.builds(
    Fix,
    HOSTILE,
    HOSTILE,
    st.none() | HOSTILE,
    TIMES,
    st.none() | HOSTILE,
    st.none() | HOSTILE,
    st.none() | HOSTILE,
)
#: Most hostile where it could pay: about the office, with one figure bent.
NEARBY = st.builds(
    lambda north, east, accuracy, time, bent: replace(
        Fix(OFFICE.latitude + north, OFFICE.longitude + east, accuracy, time), **bent
    ),
    st.floats(-2e-3, 2e-3),
    st.sampled_from([0.0, 1e-4, 360.0]),
    st.floats(1e-3, 1_500) | st.sampled_from([0.5, 10.0, 100.0, 1_000.0]),
    st.floats(-70, 130).map(lambda seconds: NOW - timedelta(seconds=seconds)),
    st.dictionaries(st.sampled_from(["accuracy", "speed", "altitude", "heading"]), HOSTILE, max_size=1),
)
FIXES = ANYWHERE | NEARBY
CIRCLES = st.lists(
    st.builds(Circle, st.uuids(), LATITUDES, LONGITUDES, st.floats(1, 100_000)) | st.just(OFFICE),
    max_size=3,
)
HISTORIES = st.builds(History, st.none() | FIXES, st.integers(0, 5))
SURROUNDINGS = st.builds(Surroundings, st.integers(0, 2), st.integers(0, 3), st.booleans(), st.booleans())


def sound(fix: Fix) -> bool:
    """A fix that nobody could call hostile, said without the rules' own code."""
    numbers = (fix.latitude, fix.longitude, fix.accuracy)
    return (
        all(number is not None and isfinite(number) for number in numbers)
        and abs(fix.latitude) <= 90
        and abs(fix.longitude) <= 180
        and (fix.latitude != 0 or fix.longitude != 0)
        and 0.5 <= (fix.accuracy or 0) <= 100
        and all(value is None or isfinite(value) for value in (fix.altitude, fix.heading))
        and (fix.speed is None or 0 <= fix.speed * 3.6 <= 200)
        and fix.time.utcoffset() is not None
        and timedelta(seconds=-60) <= NOW - fix.time <= timedelta(seconds=120)
    )


@given(st.lists(FIXES, max_size=4), CIRCLES, HISTORIES, SURROUNDINGS)
@settings(steady, max_examples=500)
def test_no_numbers_break_the_rules_or_open_the_door(
    fixes: list[Fix], circles: list[Circle], history: History, surroundings: Surroundings
) -> None:
    verdict = assess(fixes, circles, NOW, DEFAULTS, history, surroundings)
    assert verdict.reasons
    assert [r.level for r in verdict.reasons] == sorted((r.level for r in verdict.reasons), reverse=True)
    assert verdict.score >= 0
    if verdict.result in (PositionResult.UNUSABLE, PositionResult.NOT_CHECKED):
        assert worst(verdict.reasons) >= ReasonLevel.REVIEW
    if verdict.result is PositionResult.INSIDE:
        assert verdict.best_fix is not None
        best = fixes[verdict.best_fix]
        circle = next(circle for circle in circles if circle.id == verdict.circle_id)
        assert distance_m(best.point, (circle.latitude, circle.longitude)) + best.accuracy <= circle.radius  # type: ignore[operator]
        if not sound(best) and not surroundings.disturbed:
            assert worst(verdict.reasons) >= ReasonLevel.FLAG


@given(st.lists(FIXES, min_size=1, max_size=4), CIRCLES, HISTORIES, SURROUNDINGS)
@steady
def test_a_disturbed_site_changes_flags_and_nothing_else(
    fixes: list[Fix], circles: list[Circle], history: History, surroundings: Surroundings
) -> None:
    quiet = assess(fixes, circles, NOW, DEFAULTS, history, replace(surroundings, disturbed=False))
    held = assess(fixes, circles, NOW, DEFAULTS, history, replace(surroundings, disturbed=True))
    assert held.result is quiet.result
    before = {r.code: r.level for r in quiet.reasons if r.code != "SIGNALS_TOGETHER"}
    after = {r.code: r.level for r in held.reasons if r.code not in ("SITE_DISTURBED", "SIGNALS_TOGETHER")}
    assert before.keys() == after.keys()
    graver = {code: level for code, level in before.items() if level != ReasonLevel.FLAG}
    assert {code: after[code] for code in graver} == graver
    noted = {r.code for r in held.reasons if r.params.get("held") == "FLAG"}
    assert noted == before.keys() - graver.keys()


@given(LENGTHS, POSITIVE, POSITIVE)
@steady
def test_place_means_what_it_says(distance: float, accuracy: float, radius: float) -> None:
    result = place(distance, accuracy, radius)
    assert (result is PositionResult.INSIDE) == (distance + accuracy <= radius)
    assert (result is PositionResult.OUTSIDE) == (distance - accuracy > radius)


@given(LENGTHS, POSITIVE, POSITIVE, POSITIVE)
@steady
def test_a_worse_accuracy_never_settles_what_a_better_one_left_open(
    distance: float, accuracy: float, more: float, radius: float
) -> None:
    sharp, blunt = place(distance, accuracy, radius), place(distance, accuracy + more, radius)
    assert blunt in (sharp, PositionResult.UNCERTAIN)


@given(LENGTHS, POSITIVE, POSITIVE, POSITIVE)
@steady
def test_a_wider_circle_is_never_less_favourable(
    distance: float, accuracy: float, radius: float, more: float
) -> None:
    order = [PositionResult.OUTSIDE, PositionResult.UNCERTAIN, PositionResult.INSIDE]
    assert order.index(place(distance, accuracy, radius + more)) >= order.index(
        place(distance, accuracy, radius)
    )


@given(POINTS, POINTS)
@steady
def test_distance_is_symmetric_and_on_the_globe(a: tuple[float, float], b: tuple[float, float]) -> None:
    assert distance_m(a, b) == distance_m(b, a)
    assert 0 <= distance_m(a, b) <= 20_015_200
    assert distance_m(a, a) == 0


@given(POINTS, st.floats(-1e-9, 1e-9))
@steady
def test_the_antipodes_have_a_distance(a: tuple[float, float], off: float) -> None:
    opposite = (max(-90.0, min(90.0, -a[0] + off)), a[1] - 180 if a[1] > 0 else a[1] + 180)
    assert 20_015_000 <= distance_m(a, opposite) <= 20_015_200


@given(POINTS, POINTS, st.floats(-1e6, 1e6), POSITIVE, POSITIVE)
@steady
def test_a_leg_has_no_direction_and_accuracy_never_speeds_it_up(
    a: tuple[float, float], b: tuple[float, float], seconds: float, one: float, more: float
) -> None:
    start, end = Fix(*a, one, NOW), Fix(*b, one, NOW + timedelta(seconds=seconds))
    assert leg(start, end) == leg(end, start)
    assert leg(start, replace(end, accuracy=one + more)).speed_kmh <= leg(start, end).speed_kmh


@given(
    st.lists(
        st.builds(Circle, st.uuids(), LATITUDES, LONGITUDES, st.floats(1, 100_000)), min_size=1, max_size=4
    ),
    POINTS,
    st.floats(1, 100),
)
@steady
def test_another_circle_never_makes_it_worse(
    circles: list[Circle], point: tuple[float, float], accuracy: float
) -> None:
    assume(point != (0, 0))
    fixes = [Fix(*point, accuracy, NOW)]
    some = assess(fixes, circles[:1], NOW, DEFAULTS)
    assert worst(assess(fixes, circles, NOW, DEFAULTS).reasons) <= worst(some.reasons)


@given(st.lists(INSTANTS.map(lambda time: Fix(*OFFICE_POINT, 10.0, time)), max_size=4))
@steady
def test_ask_again_exactly_when_no_fix_is_of_now(fixes: list[Fix]) -> None:
    ages = [(NOW - fix.time).total_seconds() for fix in fixes]
    fresh = any(-60 <= age <= 120 for age in ages)
    assert (freshness(fixes, NOW, DEFAULTS) is None) == (fresh or not fixes)


@given(st.lists(FIXES, min_size=1, max_size=3), CIRCLES, st.timezones())
@steady
def test_the_server_s_zone_is_of_no_account(fixes: list[Fix], circles: list[Circle], zone: object) -> None:
    local = NOW.astimezone(zone)  # type: ignore[arg-type]
    assert assess(fixes, circles, local, DEFAULTS) == assess(fixes, circles, NOW, DEFAULTS)
