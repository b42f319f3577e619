"""What people decide: confirming or overruling a verdict, and contesting one."""

from uuid import UUID

from tortoise.expressions import Q

from api.attendance import access
from api.attendance.models import CheckIn, CheckInState, ReviewDecision
from api.attendance.service.accept import announce_change
from api.attendance.service.days import refresh_day
from api.audit import service as audit
from api.core import database
from api.core.context import Context
from api.core.errors import AlreadyDecided, NotAllowed
from api.core.policy import Permission
from api.core.said import reason_of

#: Not to be decided: the verdict has not fallen, or another check-in took its place.
CLOSED = (CheckInState.PENDING, CheckInState.SUPERSEDED)


async def review(context: Context, check_in_id: UUID, decision: ReviewDecision, reason: str) -> CheckIn:
    """A person with the right to review decides; nobody on his own check-in, or on what he recorded himself."""
    actor = context.actor
    reason = reason_of(reason)
    check_in = await access.check_in(actor, check_in_id)
    if not may_review(context, check_in):
        raise NotAllowed
    async with database.transaction() as using:
        decided = (
            await CheckIn.filter(id=check_in.id, review_decision__isnull=True)
            .exclude(state__in=CLOSED)
            .using_db(using)
            .update(
                state=_state(decision),
                review_decision=decision,
                review_reason=reason,
                reviewer_id=actor.employee_id,
                reviewed_at=context.clock(),
            )
        )
        if not decided:
            raise AlreadyDecided
        await audit.note(
            actor,
            f"check_in.{decision.value.lower()}",
            subject_id=check_in.employee.id,
            object_name=str(check_in.id),
            using=using,
        )
        await refresh_day(using, check_in, check_in.employee.unit.time_zone)
    announce_change(context.runtime, check_in.employee.unit.path, check_in)
    return await access.check_in(actor, check_in_id)


async def contest(context: Context, check_in_id: UUID, reason: str) -> CheckIn:
    """The person concerned asks a person to look again; a refusal goes to review."""
    reason = reason_of(reason)
    check_in = await access.check_in(context.actor, check_in_id)
    if not context.actor.owns(check_in.employee.id):
        raise NotAllowed
    state = CheckInState.REVIEW if check_in.state == CheckInState.REFUSED else check_in.state
    async with database.transaction() as using:
        noted = (
            await CheckIn.filter(
                CONTESTABLE,
                id=check_in.id,
                contested_at__isnull=True,
                review_decision__isnull=True,
            )
            .using_db(using)
            .update(state=state, contested_at=context.clock(), contest_reason=reason)
        )
        if not noted:
            raise AlreadyDecided
        await refresh_day(using, check_in, check_in.employee.unit.time_zone)
    announce_change(context.runtime, check_in.employee.unit.path, check_in)
    return await access.check_in(context.actor, check_in_id)


OPEN = (CheckInState.REFUSED, CheckInState.REVIEW, CheckInState.FLAGGED)
#: What another person recorded can be contested also where it was accepted.
CONTESTABLE = Q(state__in=OPEN) | Q(recorder_id__isnull=False)


def can_contest(context: Context, check_in: CheckIn) -> bool:
    return (
        context.actor.owns(check_in.employee.id)
        and (check_in.state in OPEN or check_in.recorder_id is not None)
        and check_in.contested_at is None
        and check_in.review_decision is None
    )


def can_review(context: Context, check_in: CheckIn) -> bool:
    undecided = check_in.state not in CLOSED and check_in.review_decision is None
    return undecided and may_review(context, check_in)


def may_review(context: Context, check_in: CheckIn) -> bool:
    actor = context.actor
    own = actor.employee_id in (check_in.employee.id, check_in.recorder_id)
    return not own and access.may(actor, Permission.REVIEW_ATTENDANCE, check_in)


def _state(decision: ReviewDecision) -> CheckInState:
    return CheckInState.ACCEPTED if decision == ReviewDecision.CONFIRM else CheckInState.REFUSED
