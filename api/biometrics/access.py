"""A person's own consents and enrolments, and those of others for whom the actor may vouch."""

from collections.abc import AsyncGenerator
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from api.biometrics.models import (
    Consent,
    Enrolment,
    EnrolmentState,
    Erasure,
    FaceTemplate,
    Objection,
    Purpose,
)
from api.core import database
from api.core.context import Actor
from api.core.errors import NotFound
from api.core.policy import Permission
from api.core.subtree import reached


def own_enrolments(actor: Actor) -> QuerySet[Enrolment]:
    own = Enrolment.filter(agency_id=actor.agency_id, employee_id=actor.employee_id)
    return own.order_by("-created_at").select_related("employee__unit", "voucher__unit")


def valid_consent(employee_id: UUID, purpose: Purpose) -> QuerySet[Consent]:
    return Consent.filter(employee_id=employee_id, purpose=purpose, withdrawn_at__isnull=True)


def own_erasures(actor: Actor) -> QuerySet[Erasure]:
    own = Erasure.filter(agency_id=actor.agency_id, employee_id=actor.employee_id)
    return own.order_by("-asked_at")


def objection_in_force(employee_id: UUID) -> QuerySet[Objection]:
    return Objection.filter(employee_id=employee_id, taken_back_at__isnull=True)


def templates(employee_id: UUID) -> QuerySet[FaceTemplate]:
    """Those in force: for the worker's comparison, and for whoever was found to have the right to look."""
    in_force = EnrolmentState.ACTIVE
    return FaceTemplate.filter(employee_id=employee_id, enrolment__state=in_force).order_by("created_at")


def awaiting(employee_id: UUID) -> QuerySet[Enrolment]:
    return Enrolment.filter(employee_id=employee_id, state=EnrolmentState.AWAITING)


def awaits(enrolment: Enrolment) -> bool:
    return enrolment.state == EnrolmentState.AWAITING


def to_vouch(actor: Actor) -> QuerySet[Enrolment]:
    """Enrolments of others that wait for this actor's word."""
    return (
        Enrolment.filter(
            reached(actor.reach(Permission.VOUCH_ENROLMENT), "employee__unit__"),
            agency_id=actor.agency_id,
            state=EnrolmentState.AWAITING,
        )
        .exclude(employee_id=actor.employee_id)
        .select_related("employee__unit", "voucher__unit")
        .prefetch_related("likenesses__employee__unit")
    )


async def enrolment(actor: Actor, enrolment_id: UUID) -> Enrolment:
    """One's own, or that of somebody for whom the actor may vouch; NotFound for all else."""
    own = Q(employee_id=actor.employee_id)
    granted = reached(actor.reach(Permission.VOUCH_ENROLMENT), "employee__unit__")
    rows = Enrolment.filter(Q(agency_id=actor.agency_id) & (own | granted))
    rows = rows.select_related("employee__unit", "voucher__unit")
    found = await rows.prefetch_related("likenesses__employee__unit").get_or_none(id=enrolment_id)
    if found is None:
        raise NotFound
    return found


async def readiness(employee_id: UUID, version: str) -> tuple[bool, bool]:
    """Whether consent to this version of the text holds and whether there is a template: one statement."""
    found = await database.rows(
        "SELECT EXISTS (SELECT FROM consent WHERE employee_id = $1 AND purpose = $2 AND version = $3"
        " AND withdrawn_at IS NULL) AS agreed,"
        " EXISTS (SELECT FROM face_template WHERE employee_id = $1) AS enrolled",
        employee_id,
        Purpose.FACE_RECOGNITION.value,
        version,
    )
    return found[0]["agreed"], found[0]["enrolled"]


async def latest_states(actor: Actor, employee_ids: list[UUID]) -> dict[UUID, str]:
    """Employee → state of the newest enrolment that was not replaced; people without one are absent, and so are
    those whom the actor may not see: a reviewer is named in a verdict, his face is no part of that."""
    found = await database.rows(
        "SELECT DISTINCT ON (n.employee_id) n.employee_id, "
        "CASE WHEN n.state = 'ACTIVE' AND n.model_id <> (SELECT model_id FROM face_pack ORDER BY opened_at DESC LIMIT 1)"
        " THEN 'STALE_MODEL' ELSE n.state END AS state "
        "FROM enrolment n "
        "JOIN employee e ON e.id = n.employee_id JOIN unit u ON u.id = e.unit_id "
        "WHERE n.employee_id = ANY($1) AND n.state <> 'REPLACED' AND n.agency_id = $2 "
        "  AND (e.id = $3 OR u.path ^@ ANY($4::text[])) "
        "ORDER BY n.employee_id, (n.state = 'ACTIVE') DESC, n.created_at DESC",
        employee_ids,
        actor.agency_id,
        actor.employee_id,
        list(actor.reach(Permission.READ_PEOPLE)),
    )
    return {row["employee_id"]: row["state"] for row in found}


async def templates_of(agency_id: UUID, model_id: str) -> AsyncGenerator[FaceTemplate, None]:
    """Those in force of one model in an agency, a thousand at a time: for calibration, which tells of nobody."""
    last = UUID(int=0)
    while rows := await _templates_after(agency_id, model_id, last):
        for row in rows:
            yield row
        last = rows[-1].id


async def _templates_after(agency_id: UUID, model_id: str, last: UUID) -> list[FaceTemplate]:
    known = FaceTemplate.filter(agency_id=agency_id, model_id=model_id, id__gt=last)
    found = known.filter(enrolment__state=EnrolmentState.ACTIVE)
    return await found.order_by("id").limit(1_000)
