"""A proposal is recorded by a command, and decided by a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from api.audit import service as audit
from api.biometrics.rules import FaceThresholds
from api.calibration import access
from api.calibration.models import Calibration, CalibrationState
from api.core import database
from api.core.context import Context
from api.core.errors import AlreadyDecided, NotFound
from api.people import service as people
from api.people.models import AgencyRule, RuleTopic

#: As far back as it is asked what a threshold would have done.
PRACTICE = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What was computed for an agency. Rates are {"value", "low", "high", "trials"}."""

    model_id: str
    people: int
    target: float
    threshold: float
    fmr: Mapping[str, float | int | None]
    fnmr: Mapping[str, float | int | None]
    provable: bool
    curve: str
    scores: str


async def record(agency_id: UUID, proposed: Proposed, now: datetime) -> Calibration:
    """Kept beside those before; one that waits is put aside, for the newest is the one to decide about."""
    limits = FaceThresholds.from_mapping(await people.rule(agency_id, RuleTopic.FACE, now.date()))
    accepted, below = await access.in_practice(
        agency_id, now - PRACTICE, proposed.model_id, proposed.threshold
    )
    async with database.transaction() as using:
        await (
            Calibration.filter(agency_id=agency_id, state=CalibrationState.PROPOSED)
            .using_db(using)
            .update(state=CalibrationState.DISMISSED, decided_at=now)
        )
        return await Calibration.create(
            agency_id=agency_id,
            made_at=now,
            model_id=proposed.model_id,
            people=proposed.people,
            target=proposed.target,
            threshold=proposed.threshold,
            in_use=limits.match,
            fmr=dict(proposed.fmr),
            fnmr=dict(proposed.fnmr),
            provable=proposed.provable,
            accepted=accepted,
            accepted_below=below,
            curve=proposed.curve,
            scores=proposed.scores,
            using_db=using,
        )


async def decide(context: Context, calibration_id: UUID, *, accept: bool) -> Calibration:
    """Accepted, the threshold holds from the next day on by every unit's clock, so that no day is judged by two.
    NotFound for what the actor may not decide; AlreadyDecided where somebody has, or a newer proposal took its
    place."""
    actor, now = context.actor, context.clock()
    if await access.calibrations(actor).get_or_none(id=calibration_id) is None:
        raise NotFound
    async with database.transaction() as using:
        waiting = Calibration.filter(id=calibration_id, state=CalibrationState.PROPOSED).using_db(using)
        found = await waiting.select_for_update().first()
        if found is None:
            raise AlreadyDecided
        found.state = CalibrationState.ACCEPTED if accept else CalibrationState.DISMISSED
        found.decided_at, found.decided_by_id = now, actor.employee_id
        await found.save(using_db=using, update_fields=["state", "decided_at", "decided_by_id"])
        if accept:
            begins = await people.day_after_all(actor.agency_id, now)
            before = await people.rule(actor.agency_id, RuleTopic.FACE, begins - timedelta(days=1), using)
            await AgencyRule.create(
                agency_id=actor.agency_id,
                topic=RuleTopic.FACE,
                parameters=with_match(before, found.threshold),
                valid_from=begins,
                source=f"calibration {found.id}",
                using_db=using,
            )
        act = "calibration.accept" if accept else "calibration.dismiss"
        await audit.note(actor, act, object_name=f"calibration/{found.id}", using=using)
    people.forget_rules()
    return await access.calibrations(actor).get(id=calibration_id)


def with_match(parameters: Mapping[str, object], threshold: float) -> dict[str, object]:
    """The agency's thresholds with another for the match; what goes to a person begins no higher."""
    review = min(FaceThresholds.from_mapping(parameters).match_review, threshold)
    changed = {**parameters, "match": threshold, "match_review": review}
    FaceThresholds.from_mapping(changed)
    return changed
