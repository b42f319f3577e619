"""One fix at a time: can it be used at all? Each finding names what is wrong, so that a phone can mend it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil, isfinite

from api.core.verdict import Reason
from api.sites.plausibility.facts import RANGES, Code, Fix
from api.sites.plausibility.thresholds import PositionThresholds

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DEFAULTS = PositionThresholds()


def seconds_between(earlier: datetime, later: datetime) -> float:
    """Negative where `earlier` is the later one.

    Both are measured from one epoch first: Python subtracts two times of one zone by the clock on the wall.
    """
    return ((later - _EPOCH) - (earlier - _EPOCH)).total_seconds()


def whole(value: float) -> int:
    """For a sentence: rounded up, since limits are overstepped from below, and never 300 digits long."""
    return ceil(min(value, 99_999_999.0))


def check_input(fix: Fix) -> Reason | None:
    """What no receiver can have said: a number that is not one, or is out of its range; `field` names it.

    An accuracy that is missing or too small is not judged here but by the rules, which tell the person why.
    """
    for name, (least, most) in RANGES.items():
        value = getattr(fix, name)
        if value is not None and not least <= value <= most:
            finite = isinstance(value, int) or isfinite(value)
            code = Code.POSITION_OUT_OF_RANGE if finite else Code.POSITION_NOT_FINITE
            return _DEFAULTS.reason(code, field=name)
    if isinstance(fix.accuracy, float) and not isfinite(fix.accuracy):
        return _DEFAULTS.reason(Code.POSITION_NOT_FINITE, field="accuracy")
    if fix.time.utcoffset() is None:
        return _DEFAULTS.reason(Code.POSITION_TIME_WITHOUT_ZONE, field="time")
    return None


def unsound(fix: Fix, thresholds: PositionThresholds) -> Reason | None:
    """What makes a fix worthless whenever it came."""
    if (nonsense := check_input(fix)) is not None:
        return nonsense
    if fix.point == (0.0, 0.0):  # where receivers and programs put what they do not know
        return thresholds.reason(Code.POSITION_ZERO)
    if fix.accuracy is None or fix.accuracy <= 0:
        return thresholds.reason(Code.ACCURACY_MISSING)
    if fix.accuracy > thresholds.poorest_accuracy_m:
        return thresholds.reason(
            Code.ACCURACY_TOO_POOR,
            accuracy_m=whole(fix.accuracy),
            limit_m=whole(thresholds.poorest_accuracy_m),
        )
    return None


def untimely(fix: Fix, received_at: datetime, thresholds: PositionThresholds) -> Reason | None:
    """Measured against the server's clock alone. `fix.time` must carry a zone: `check_input` first."""
    age = seconds_between(fix.time, received_at)
    if age > thresholds.oldest_s:
        return thresholds.reason(Code.POSITION_STALE, age_s=whole(age), limit_s=whole(thresholds.oldest_s))
    if -age > thresholds.ahead_s:
        return thresholds.reason(Code.POSITION_AHEAD, ahead_s=whole(-age), limit_s=whole(thresholds.ahead_s))
    return None


def freshness(fixes: Sequence[Fix], received_at: datetime, thresholds: PositionThresholds) -> Reason | None:
    """Why the phone must be asked for a new position; None where at least one fix is of now.

    One is enough: a phone's burst begins with a cached fix, which `assess` sets aside. Where none is, the
    nearest to now speaks. No fix at all is not stale, but "not checked", which `assess` says.
    """
    if not fixes:
        return None
    nearest = min(fixes, key=lambda fix: abs(seconds_between(fix.time, received_at)))
    found = [untimely(fix, received_at, thresholds) for fix in fixes]
    return None if None in found else untimely(nearest, received_at, thresholds)


def defect(fix: Fix, received_at: datetime, thresholds: PositionThresholds) -> Reason | None:
    """The first thing that makes a fix unusable for this check-in; None where it can be judged."""
    return unsound(fix, thresholds) or untimely(fix, received_at, thresholds)
