"""Vouching: a person with the right says whose face an enrolment shows, before anything is compared with it."""

from uuid import UUID

from api.audit import service as audit
from api.biometrics import access
from api.biometrics.models import Enrolment, EnrolmentState, FaceTemplate, VouchDecision
from api.biometrics.service import announce_change
from api.biometrics.settle import displace
from api.core import database
from api.core.context import Actor, Context
from api.core.errors import AlreadyDecided, NeedsHr, NotAllowed
from api.core.policy import Permission
from api.core.said import reason_of

OUTCOMES = {
    VouchDecision.CONFIRM: EnrolmentState.ACTIVE,
    VouchDecision.REFUSE: EnrolmentState.REFUSED,
}


async def vouch(context: Context, enrolment_id: UUID, decision: VouchDecision, reason: str) -> Enrolment:
    """Nobody vouches for himself. Confirmed, its templates count from now on; refused, they are deleted."""
    actor = context.actor
    reason = reason_of(reason)
    enrolment = await access.enrolment(actor, enrolment_id)
    person = enrolment.employee
    if actor.owns(person.id) or not actor.may(Permission.VOUCH_ENROLMENT, person.unit.path):
        raise NotAllowed
    if not _may_decide_on(actor, enrolment):
        raise NeedsHr
    async with database.transaction() as using:
        decided = (
            await Enrolment.filter(id=enrolment.id, state=EnrolmentState.AWAITING)
            .using_db(using)
            .update(
                state=OUTCOMES[decision],
                vouch_decision=decision,
                vouch_reason=reason,
                vouched_at=context.clock(),
                voucher_id=actor.employee_id,
            )
        )
        if not decided:
            raise AlreadyDecided
        enrolment.state = OUTCOMES[decision]
        if decision == VouchDecision.CONFIRM:
            await displace(using, enrolment)
        else:
            await FaceTemplate.filter(enrolment_id=enrolment.id).using_db(using).delete()
        await audit.note(
            actor,
            f"enrolment.{decision.value.lower()}",
            subject_id=person.id,
            object_name=str(enrolment.id),
            using=using,
        )
    announce_change(context.runtime, person.unit.path, enrolment)
    return await access.enrolment(actor, enrolment_id)


def _may_decide_on(actor: Actor, enrolment: Enrolment) -> bool:
    """Where somebody else is enrolled with this face, an HR admin decides who is not that somebody."""
    found = list(enrolment.likenesses)
    if not found:
        return True
    hr = actor.may(Permission.SEE_LIKENESSES, enrolment.employee.unit.path)
    return hr and not any(actor.owns(likeness.employee.id) for likeness in found)
