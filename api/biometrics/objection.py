"""Doing without face recognition: a person's choice, in force until he takes it back (UU 27/2022, 10)."""

from datetime import datetime
from uuid import UUID

from tortoise.exceptions import IntegrityError

from api.audit import service as audit
from api.biometrics import access
from api.biometrics.models import Objection, Purpose
from api.biometrics.service import PURGE, withdraw_consent
from api.core import database
from api.core.context import Actor, Context
from api.core.policy import Permission


async def raise_objection(context: Context) -> datetime:
    """Since when it is in force. Consent ends with it, and what was made of the face goes as after a withdrawal."""
    actor = context.actor
    try:
        async with database.transaction() as using:
            made = await Objection.create(
                agency_id=actor.agency_id,
                employee_id=actor.employee_id,
                raised_at=context.clock(),
                using_db=using,
            )
            await withdraw_consent(context, Purpose.FACE_RECOGNITION)
            await audit.note(actor, "biometrics.objected", subject_id=actor.employee_id, using=using)
    except IntegrityError:  # it is in force already
        return (await access.objection_in_force(actor.employee_id).get()).raised_at
    # The worker may have been told before the commit, and found nothing.
    context.runtime.events.work(PURGE)
    return made.raised_at


async def take_back(context: Context) -> None:
    """What was erased stays so: the person agrees and is enrolled anew."""
    actor = context.actor
    async with database.transaction() as using:
        ended = (
            await access.objection_in_force(actor.employee_id)
            .using_db(using)
            .update(taken_back_at=context.clock())
        )
        if ended:
            await audit.note(actor, "biometrics.accepted", subject_id=actor.employee_id, using=using)


async def objections(actor: Actor, employee_ids: list[UUID]) -> dict[UUID, datetime]:
    """Employee → since when, of those whose choice the actor may know; others are absent."""
    found = await database.rows(
        "SELECT o.employee_id, o.raised_at FROM objection o "
        "JOIN employee e ON e.id = o.employee_id JOIN unit u ON u.id = e.unit_id "
        "WHERE o.employee_id = ANY($1) AND o.taken_back_at IS NULL AND o.agency_id = $2 "
        "  AND (e.id = $3 OR u.path ^@ ANY($4))",
        employee_ids,
        actor.agency_id,
        actor.employee_id,
        list(actor.reach(Permission.READ_OBJECTIONS)),
    )
    return {row["employee_id"]: row["raised_at"] for row in found}
