"""GPS plausibility: what a check-in's fixes are worth against the duty locations, and why.

Pure: facts and thresholds in, a `PositionVerdict` out. Nothing here is a penalty; a machine flags, a person
decides. The parts stand in `plausibility/`; this module is their only door.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import combinations
from math import fsum

from api.core.verdict import Reason, ReasonLevel, worst, worst_first
from api.sites.plausibility.checks import check_input, defect, freshness, seconds_between, unsound
from api.sites.plausibility.disturbance import Passage, Span, disturbed_spans, is_disturbed
from api.sites.plausibility.facts import (
    Circle,
    Code,
    Fix,
    History,
    PositionResult,
    PositionVerdict,
    Surroundings,
)
from api.sites.plausibility.geometry import distance_m, leg, nearest, place
from api.sites.plausibility.signals import AROUND, SIGNALS, WEAKER_ON_DESKTOPS, Case, count_identical
from api.sites.plausibility.thresholds import GRADES, PositionThresholds

__all__ = [
    "GRADES",
    "Circle",
    "Code",
    "Fix",
    "History",
    "Passage",
    "PositionResult",
    "PositionThresholds",
    "PositionVerdict",
    "Span",
    "Surroundings",
    "assess",
    "check_input",
    "count_identical",
    "distance_m",
    "disturbed_spans",
    "freshness",
    "is_disturbed",
    "look_again",
    "place",
]

NO_HISTORY = History()
NO_SURROUNDINGS = Surroundings()
#: How a phone finds itself: a cached and a coarse fix come before the good one, and mean nothing.
NORMAL_IN_A_BURST = frozenset({Code.POSITION_STALE, Code.ACCURACY_TOO_POOR})


def assess(
    fixes: Sequence[Fix],
    circles: Sequence[Circle],
    received_at: datetime,
    thresholds: PositionThresholds,
    history: History = NO_HISTORY,
    surroundings: Surroundings = NO_SURROUNDINGS,
) -> PositionVerdict:
    """The verdict on a check-in's position. `received_at` is the server's time when the check-in came in.

    The most accurate usable fix is judged (the newest of equals), never the most convenient one, against
    the most favourable of today's circles. Fixes that cannot be used are set aside and named.
    """
    if not fixes:
        return _unjudged(PositionResult.NOT_CHECKED, [thresholds.reason(Code.POSITION_MISSING)], thresholds)
    defects = [defect(fix, received_at, thresholds) for fix in fixes]
    aside = list({reason.code: reason for reason in defects if reason is not None}.values())
    usable = [index for index, found in enumerate(defects) if found is None]
    if not usable:
        return _unjudged(PositionResult.UNUSABLE, aside, thresholds)
    best = min(usable, key=lambda i: (fixes[i].accuracy, seconds_between(fixes[i].time, received_at)))
    case = _case([fixes[i] for i in usable], fixes[best], circles, thresholds, history, surroundings)
    heard = [reason for rule in SIGNALS if (reason := rule(case, thresholds)) is not None]
    heard += _around(surroundings, thresholds)
    reasons, score = _weighed([_set_aside(reason) for reason in aside] + heard, surroundings, thresholds)
    return PositionVerdict(
        result=case.result,
        reasons=reasons,
        score=score,
        distance_m=case.distance_m,
        accuracy_m=case.best.accuracy,
        speed_kmh=case.since_last.speed_kmh if case.since_last else None,
        circle_id=case.circle.id if case.circle else None,
        best_fix=best,
    )


def look_again(
    reasons: Sequence[Reason], thresholds: PositionThresholds, surroundings: Surroundings
) -> tuple[tuple[Reason, ...], float]:
    """The position's reasons of an earlier verdict, and their score, with what the surroundings say by now: as if
    the check-in had been judged knowing it. Nothing found before is lost. Looking once more changes nothing."""
    known = {reason.code for reason in reasons}
    found = [reason for reason in _around(surroundings, thresholds) if reason.code not in known]
    kept = [reason for reason in reasons if reason.code != Code.SIGNALS_TOGETHER]  # it sums up the others
    return _weighed([*kept, *found], surroundings, thresholds)


def _case(
    usable: Sequence[Fix],
    best: Fix,
    circles: Sequence[Circle],
    thresholds: PositionThresholds,
    history: History,
    surroundings: Surroundings,
) -> Case:
    """Legs join every two fixes: a coarse one between two others could otherwise hide the leap."""
    spot = nearest(best, circles)
    last = history.last_accepted
    if last is not None and unsound(last, thresholds) is not None:
        last = None
    legs = [leg(a, b) for a, b in combinations(usable, 2)]
    if last is not None:
        legs += [leg(last, fix) for fix in usable]
    return Case(
        usable=tuple(usable),
        best=best,
        result=place(spot[1], best.accuracy or 0.0, spot[0].radius) if spot else PositionResult.NOT_CHECKED,
        circle=spot[0] if spot else None,
        distance_m=spot[1] if spot else None,
        legs=tuple(legs),
        since_last=leg(last, best) if last else None,
        history=history,
        surroundings=surroundings,
    )


def _unjudged(
    result: PositionResult, reasons: Sequence[Reason], thresholds: PositionThresholds
) -> PositionVerdict:
    """A disturbed site holds nothing back here: what was not judged was not disturbed either."""
    ordered, score = _weighed(reasons, NO_SURROUNDINGS, thresholds)
    return PositionVerdict(result, ordered, score)


def _around(surroundings: Surroundings, thresholds: PositionThresholds) -> list[Reason]:
    return [reason for rule in AROUND if (reason := rule(surroundings, thresholds)) is not None]


def _set_aside(reason: Reason) -> Reason:
    """Where another fix could be judged, a bad one beside it is a note or a flag, no refusal."""
    most = ReasonLevel.INFO if reason.code in NORMAL_IN_A_BURST else ReasonLevel.FLAG
    return replace(reason, level=min(reason.level, most))


def _weighed(
    reasons: Sequence[Reason], surroundings: Surroundings, thresholds: PositionThresholds
) -> tuple[tuple[Reason, ...], float]:
    """Reasons worst first, after what a disturbed site holds back and what flags amount to together."""
    heard = list(reasons)
    if surroundings.disturbed and any(reason.level == ReasonLevel.FLAG for reason in heard):
        heard = [_held_back(reason) for reason in heard if reason.code != Code.SITE_DISTURBED]
        heard.append(thresholds.reason(Code.SITE_DISTURBED))
    score = fsum(_weight(reason, surroundings, thresholds) for reason in heard)
    if worst(heard) == ReasonLevel.FLAG and score >= thresholds.review_score:
        count = sum(reason.level == ReasonLevel.FLAG for reason in heard)
        heard.append(thresholds.reason(Code.SIGNALS_TOGETHER, count=count))
    return worst_first(heard), score


def _held_back(reason: Reason) -> Reason:
    """Flags only: what a person must see or the phone must mend stays, or five friends could open a site."""
    if reason.level != ReasonLevel.FLAG:
        return reason
    return replace(reason, level=ReasonLevel.INFO, params={**reason.params, "held": reason.level.name})


def _weight(reason: Reason, surroundings: Surroundings, thresholds: PositionThresholds) -> float:
    """Notes weigh nothing, so neither does what is held back."""
    if reason.level == ReasonLevel.INFO:
        return 0.0
    weaker = surroundings.desktop and reason.code in WEAKER_ON_DESKTOPS
    return thresholds.weight(reason.code) * (thresholds.desktop_factor if weaker else 1.0)
