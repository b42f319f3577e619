"""GPS plausibility: what a check-in's fixes are worth against the duty locations, and why.

Pure: facts and thresholds in, a `PositionVerdict` out. Nothing here is a penalty; a machine flags, a person
decides. The parts stand in `plausibility/`; this module is their only door.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations
from math import fsum

from api.core.verdict import Reason, ReasonLevel, worst, worst_first
from api.sites.plausibility.checks import check_input, defect, freshness, seconds_between, unsound
from api.sites.plausibility.facts import (
    Circle,
    Code,
    Fix,
    History,
    PositionResult,
    PositionVerdict,
    Surroundings,
)
from api.sites.plausibility.geometry import Leg, distance_m, leg, nearest, place
from api.sites.plausibility.signals import SIGNALS, WEAKER_ON_DESKTOPS, Case, count_identical
from api.sites.plausibility.thresholds import GRADES, PositionThresholds

__all__ = [
    "GRADES",
    "Circle",
    "Code",
    "Fix",
    "History",
    "PositionResult",
    "PositionThresholds",
    "PositionVerdict",
    "Surroundings",
    "assess",
    "check_input",
    "count_identical",
    "distance_m",
    "freshness",
    "is_disturbed",
    "place",
]

#: How a phone finds itself: a cached and a coarse fix come before the good one, and mean nothing.
NORMAL_IN_A_BURST = frozenset({Code.POSITION_STALE, Code.ACCURACY_TOO_POOR})


def assess(
    fixes: Sequence[Fix],
    circles: Sequence[Circle],
    received_at: datetime,
    thresholds: PositionThresholds,
    history: History = History(),
    surroundings: Surroundings = Surroundings(),
) -> PositionVerdict:
    """The verdict on a check-in's position. `received_at` is the server's time when the check-in came in.

    The most accurate usable fix is judged (the newest of equals), never the most convenient one, against
    the most favourable of today's circles. Fixes that cannot be used are set aside and named.
    """
    if not fixes:
        missing = thresholds.reason(Code.POSITION_MISSING)
        return PositionVerdict(PositionResult.NOT_CHECKED, (missing,), thresholds.weight(missing.code))
    defects = [defect(fix, received_at, thresholds) for fix in fixes]
    usable = [index for index, found in enumerate(defects) if found is None]
    found = _once(reason for reason in defects if reason is not None)
    if not usable:
        score = fsum(thresholds.weight(reason.code) for reason in found)
        return PositionVerdict(PositionResult.UNUSABLE, worst_first(found), score)
    best = min(usable, key=lambda i: (fixes[i].accuracy, seconds_between(fixes[i].time, received_at), i))
    ...
