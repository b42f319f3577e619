"""Which face models are in use: told by the workers that open them, asked by everybody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from api.biometrics.models import EnrolmentState, FacePack
from api.core.context import Actor
from api.core.policy import Permission
from api.core.subtree import reached
from api.people.models import Employee


@dataclass(frozen=True, slots=True)
class Opened:
    model_id: str
    liveness_model_id: str | None
    name: str
    licence: str
    files: Sequence[dict[str, str]]


async def announce(opened: Opened, now: datetime) -> None:
    """By a worker that has opened a pack. Enrolments of another model are stale from now on."""
    row = FacePack(
        model_id=opened.model_id,
        liveness_model_id=opened.liveness_model_id,
        name=opened.name,
        licence=opened.licence,
        files=list(opened.files),
        opened_at=now,
    )
    told = ["liveness_model_id", "name", "licence", "files", "opened_at"]
    await FacePack.bulk_create([row], on_conflict=["model_id"], update_fields=told)


async def in_use() -> FacePack | None:
    return await FacePack.all().order_by("-opened_at").first()


async def stale(actor: Actor) -> QuerySet[Employee]:
    """People in service whose enrolment is of another model than the one in use, where the actor runs faces."""
    pack = await in_use()
    if pack is None:
        return Employee.filter(id__in=[])
    return Employee.filter(
        reached(actor.reach(Permission.CALIBRATE), "unit__"),
        agency_id=actor.agency_id,
        active=True,
        enrolments__state=EnrolmentState.ACTIVE,
        enrolments__model_id__not=pack.model_id,
    ).select_related("unit")


def behind(name: str, employee_id: UUID) -> Q:
    """What follows a person in a list by name and id."""
    return Q(name__gt=name) | Q(name=name, id__gt=employee_id)
