"""Days and zones: a unit has one zone, and its day is the local one by the server's clock."""

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

#: Offset from UTC in hours → the name Indonesians use.
ZONE_NAMES = {7: "WIB", 8: "WITA", 9: "WIT"}


FIRST_DAY = date(1, 1, 2)


@cache
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def today_in(time_zone: str, now: datetime) -> date:
    return now.astimezone(zone(time_zone)).date()


@cache
def zone_name(time_zone: str) -> str:
    offset = datetime(2026, 1, 1, tzinfo=zone(time_zone)).utcoffset()
    hours = int(offset.total_seconds() // 3600) if offset else 0
    return ZONE_NAMES.get(hours, f"UTC{hours:+d}")


def moment_of(day: date | None, time_zone: str) -> datetime | None:
    """When a day begins in a zone; the calendar's first day begins in some zones before it."""
    return datetime.combine(max(day, FIRST_DAY), time(), zone(time_zone)) if day else None


def after_day(day: date | None) -> date | None:
    """The next day; None also after the last of the calendar."""
    return day + timedelta(days=1) if day and day < date.max else None
