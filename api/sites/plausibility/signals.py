"""The table of rules about a check-in whose position can be judged: each looks for one thing and names it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from api.core.verdict import Reason, ReasonLevel
from api.sites.plausibility.checks import whole
from api.sites.plausibility.facts import Circle, Code, Fix, History, PositionResult, Surroundings
from api.sites.plausibility.geometry import Leg
from api.sites.plausibility.thresholds import PositionThresholds

#: What a desktop does by nature: it repeats the position that it keeps.
WEAKER_ON_DESKTOPS = frozenset({Code.COORDINATES_REPEATED, Code.FIXES_WITHOUT_JITTER})


@dataclass(frozen=True, slots=True)
class Case:
    """A check-in with at least one usable fix. `legs` join them and the last accepted fix."""

    usable: tuple[Fix, ...]
    best: Fix
    result: PositionResult
    circle: Circle | None
    distance_m: float | None  #: from the best fix to the centre of `circle`
    legs: tuple[Leg, ...]
    since_last: Leg | None
    history: History
    surroundings: Surroundings


Rule = Callable[[Case, PositionThresholds], Reason | None]


def duty_place(case: Case, limits: PositionThresholds) -> Reason | None:
    if case.circle is None or case.distance_m is None:
        return limits.reason(Code.NO_DUTY_LOCATION)
    code = {
        PositionResult.INSIDE: Code.POSITION_INSIDE,
        PositionResult.OUTSIDE: Code.POSITION_OUTSIDE,
    }.get(case.result, Code.POSITION_UNCERTAIN)
    return limits.reason(code, distance_m=whole(case.distance_m), radius_m=whole(case.circle.radius))


def low_accuracy(case: Case, limits: PositionThresholds) -> Reason | None:
    accuracy = case.best.accuracy or 0.0
    if accuracy <= limits.low_accuracy_m:
        return None
    return limits.reason(Code.ACCURACY_LOW, accuracy_m=whole(accuracy), limit_m=whole(limits.low_accuracy_m))


def too_good_accuracy(case: Case, limits: PositionThresholds) -> Reason | None:
    finest = min(fix.accuracy or 0.0 for fix in case.usable)
    return limits.reason(Code.ACCURACY_TOO_GOOD) if finest < limits.finest_accuracy_m else None


def _fastest(case: Case, over_kmh: float, beyond_m: float) -> float | None:
    speeds = [leg.speed_kmh for leg in case.legs if leg.distance_m > beyond_m and leg.speed_kmh > over_kmh]
    return max(speeds, default=None)


def impossible_speed(case: Case, limits: PositionThresholds) -> Reason | None:
    speed = _fastest(case, limits.impossible_kmh, limits.impossible_beyond_m)
    if speed is None:
        return None
    return limits.reason(
        Code.SPEED_IMPOSSIBLE, speed_kmh=whole(speed), limit_kmh=whole(limits.impossible_kmh)
    )


def suspicious_speed(case: Case, limits: PositionThresholds) -> Reason | None:
    """Silent where the graver rule speaks: one movement is one finding."""
    if impossible_speed(case, limits) is not None:
        return None
    speed = _fastest(case, limits.suspicious_kmh, limits.suspicious_beyond_m)
    if speed is None:
        return None
    return limits.reason(
        Code.SPEED_SUSPICIOUS, speed_kmh=whole(speed), limit_kmh=whole(limits.suspicious_kmh)
    )


def claimed_speed(case: Case, limits: PositionThresholds) -> Reason | None:
    """The receiver's own reading: nobody is at a duty location at the speed of an aeroplane."""
    speed = max((fix.speed or 0.0) * 3.6 for fix in case.usable)
    if speed <= limits.suspicious_kmh:
        return None
    return limits.reason(Code.SPEED_CLAIMED, speed_kmh=whole(speed), limit_kmh=whole(limits.suspicious_kmh))


def repeated_coordinates(case: Case, limits: PositionThresholds) -> Reason | None:
    """A satellite fix never comes back to the last bit; a made-up one always does."""
    count = case.history.identical_check_ins + 1
    if count < limits.repeated_check_ins:
        return None
    return limits.reason(Code.COORDINATES_REPEATED, _replay_level(case, limits), count=count)


def burst_without_jitter(case: Case, limits: PositionThresholds) -> Reason | None:
    count = len(case.usable)
    if count < limits.burst_fixes or len({(fix.point, fix.accuracy) for fix in case.usable}) > 1:
        return None
    return limits.reason(Code.FIXES_WITHOUT_JITTER, _replay_level(case, limits), count=count)


def _replay_level(case: Case, limits: PositionThresholds) -> ReasonLevel:
    return limits.desktop_level if case.surroundings.desktop else ReasonLevel.REFUSE


def shared_coordinates(around: Surroundings, limits: PositionThresholds) -> Reason | None:
    others = around.others_at_point
    return limits.reason(Code.COORDINATES_SHARED, others=others) if others > 0 else None


def shared_device(around: Surroundings, limits: PositionThresholds) -> Reason | None:
    accounts = around.accounts_on_device
    if accounts < limits.device_accounts:
        return None
    return limits.reason(Code.DEVICE_SHARED, accounts=accounts)


SIGNALS: tuple[Rule, ...] = (
    duty_place,
    low_accuracy,
    too_good_accuracy,
    impossible_speed,
    suspicious_speed,
    claimed_speed,
    repeated_coordinates,
    burst_without_jitter,
)
#: What the others and the device say: the only findings that may become true after the verdict.
AROUND: tuple[Callable[[Surroundings, PositionThresholds], Reason | None], ...] = (
    shared_coordinates,
    shared_device,
)


def count_identical(fixes: Sequence[Fix], earlier: Iterable[Collection[tuple[float, float]]]) -> int:
    """How many earlier check-ins, each given by its points, share the most repeated point of this one."""
    seen = [frozenset(points) for points in earlier]
    return max((sum(point in points for points in seen) for point in {fix.point for fix in fixes}), default=0)
