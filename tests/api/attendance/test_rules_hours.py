"""Days and lateness, by the unit's own clock."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.attendance.rules import PERPRES_21_2023, WorkingHours, hours_on, late_minutes, local_day

ZONES = {"Asia/Jakarta": 7, "Asia/Pontianak": 7, "Asia/Makassar": 8, "Asia/Jayapura": 9}
WEEK = (time(8),) * 7


@pytest.mark.parametrize(("zone", "offset"), ZONES.items())
def test_the_day_turns_at_local_midnight(zone: str, offset: int) -> None:
    midnight = datetime(2026, 11, 23, tzinfo=UTC) - timedelta(hours=offset)
    assert local_day(midnight, zone) == date(2026, 11, 23)
    assert local_day(midnight - timedelta(microseconds=1), zone) == date(2026, 11, 22)


def test_one_instant_is_two_days_across_the_country() -> None:
    instant = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
    assert local_day(instant, "Asia/Jakarta") == date(2026, 11, 22)
    assert local_day(instant, "Asia/Makassar") == date(2026, 11, 22)
    assert local_day(instant, "Asia/Jayapura") == date(2026, 11, 23)


@pytest.mark.parametrize("zone", ["Asia/Bandung", "", "../etc", "+07:00"])
def test_a_zone_that_is_none_is_named(zone: str) -> None:
    with pytest.raises(ValueError, match="no such time zone"):
        local_day(datetime(2026, 11, 23, tzinfo=UTC), zone)


def test_a_time_without_a_zone_is_no_instant() -> None:
    with pytest.raises(ValueError, match="no instant"):
        late_minutes(datetime(2026, 11, 23, 7, 31), PERPRES_21_2023, "Asia/Jakarta")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("clock", "minutes"),
    [
        (time(0, 0), 0),
        (time(7, 29, 59, 999_999), 0),
        (time(7, 30), 0),
        (time(7, 30, 59, 999_999), 0),
        (time(7, 31), 1),
        (time(8, 0, 59), 30),
        (time(8, 1), 31),
        (time(23, 59, 59), 989),
    ],
)
def test_late_by_whole_minutes_of_the_local_clock(zone: str, clock: time, minutes: int) -> None:
    local = datetime.combine(date(2026, 11, 23), clock, ZoneInfo(zone))
    assert late_minutes(local, PERPRES_21_2023, zone) == minutes
    assert late_minutes(local.astimezone(UTC), PERPRES_21_2023, zone) == minutes


@pytest.mark.parametrize(("day", "minutes"), [(20, 150), (21, 0), (22, 0), (23, 150)])
def test_nobody_is_late_at_the_weekend(day: int, minutes: int) -> None:
    morning = datetime(2026, 11, day, 10, tzinfo=ZoneInfo("Asia/Makassar"))
    assert late_minutes(morning, PERPRES_21_2023, "Asia/Makassar") == minutes


def test_each_weekday_has_its_own_start() -> None:
    hours = WorkingHours(tuple(time(6 + day) for day in range(7)))
    for day in range(7):
        noon = datetime(2026, 11, 23 + day, 13, tzinfo=ZoneInfo("Asia/Jakarta"))
        assert late_minutes(noon, hours, "Asia/Jakarta") == (13 - 6 - day) * 60


def test_hours_bind_on_both_their_days_and_not_beyond() -> None:
    hours = WorkingHours(WEEK, date(2026, 11, 23), date(2026, 11, 24))
    late = [
        late_minutes(datetime(2026, 11, day, 9, tzinfo=ZoneInfo("Asia/Jayapura")), hours, "Asia/Jayapura")
        for day in (22, 23, 24, 25)
    ]
    assert late == [0, 60, 60, 0]
    assert late_minutes(datetime(2026, 11, 23, 9, tzinfo=UTC), None, "Asia/Jakarta") == 0


def test_the_default_is_the_regulation_s() -> None:
    assert PERPRES_21_2023.starts == (time(7, 30),) * 5 + (None, None)
    assert PERPRES_21_2023.source == "Perpres 21/2023"
    assert (PERPRES_21_2023.valid_from, PERPRES_21_2023.valid_until) == (date(2023, 4, 12), date.max)


def test_of_several_hours_the_latest_in_force_binds() -> None:
    old = WorkingHours(WEEK, date(2020, 1, 1))
    new = WorkingHours(WEEK, date(2026, 1, 1), date(2026, 6, 30))
    for rules in ([old, new], [new, old]):
        assert hours_on(date(2019, 12, 31), rules) is None
        assert hours_on(date(2020, 1, 1), rules) is old
        assert hours_on(date(2025, 12, 31), rules) is old
        assert hours_on(date(2026, 1, 1), rules) is new
        assert hours_on(date(2026, 6, 30), rules) is new
        assert hours_on(date(2026, 7, 1), rules) is old


def test_hours_are_read_from_an_agency_s_data() -> None:
    data = {"starts": ["07:30", "07:30", "07:30", "07:30", "07:00", None, None]}
    hours = WorkingHours.from_mapping(data, date(2026, 1, 1), date(2026, 12, 31), "SK 1/2026")
    assert hours == WorkingHours(
        (*(time(7, 30),) * 4, time(7), None, None), date(2026, 1, 1), date(2026, 12, 31), "SK 1/2026"
    )
    open_ended = WorkingHours.from_mapping(data)
    assert (open_ended.valid_from, open_ended.valid_until) == (date.min, date.max)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({}, "starts"),
        ({"starts": "07:30"}, "starts"),
        ({"starts": [None] * 7, "ends": []}, "ends"),
        ({"starts": [None] * 6}, "6 days are no week"),
        ({"starts": [None] * 8}, "8 days are no week"),
        ({"starts": ["25:00"] + [None] * 6}, "hour must be"),
        ({"starts": ["07:30+07:00"] + [None] * 6}, "zone"),
        ({"starts": [730] + [None] * 6}, "730"),
    ],
)
def test_hours_that_are_none_are_refused(data: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        WorkingHours.from_mapping(data)


def test_hours_that_end_before_they_begin_are_refused() -> None:
    with pytest.raises(ValueError, match="valid_from"):
        WorkingHours(WEEK, date(2026, 1, 2), date(2026, 1, 1))
    assert WorkingHours(WEEK, date(2026, 1, 1), date(2026, 1, 1)).valid_from == date(2026, 1, 1)


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(sorted(ZONES)),
    st.integers(0, 120),
)
@settings(max_examples=150, deadline=None, database=None)
def test_later_on_one_day_is_never_less_late(instant: datetime, zone: str, more: int) -> None:
    later = instant + timedelta(minutes=more)
    first, second = (late_minutes(moment, PERPRES_21_2023, zone) for moment in (instant, later))
    assert 0 <= first < 24 * 60
    if local_day(instant, zone) == local_day(later, zone):
        assert first <= second <= first + more or first == 0
