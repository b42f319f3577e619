"""Which people and units this actor may see: the only way to reach them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from api.core.context import Actor
from api.core.errors import NotFound
from api.core.policy import WHOLE_AGENCY, Permission
from api.people.models import Agency, AgencyRule, Employee, Unit


def reached(paths: Sequence[str], prefix: str = "") -> Q:
    """Rows whose unit lies in one of the subtrees; none at all when there is no path.

    The whole agency is a prefix like any other: an empty Q beside an OR would say nothing instead of "all".
    """
    if not paths:
        return Q(pk__in=[])
    return Q(*(Q(**{f"{prefix}path__startswith": path}) for path in paths), join_type=Q.OR)


def units(actor: Actor, permission: Permission = Permission.READ_PEOPLE) -> QuerySet[Unit]:
    own = Q(id=actor.unit_id)
    return Unit.filter(Q(agency_id=actor.agency_id) & (own | reached(actor.reach(permission))))


def employees(actor: Actor, permission: Permission = Permission.READ_PEOPLE) -> QuerySet[Employee]:
    own = Q(id=actor.employee_id)
    granted = reached(actor.reach(permission), "unit__")
    return Employee.filter(Q(agency_id=actor.agency_id) & (own | granted)).select_related("unit")


async def employee(
    actor: Actor, employee_id: UUID, permission: Permission = Permission.READ_PEOPLE
) -> Employee:
    found = await employees(actor, permission).get_or_none(id=employee_id)
    if found is None:
        raise NotFound
    return found


async def unit_for(actor: Actor, unit_id: UUID, permission: Permission) -> Unit:
    """A unit on which the actor holds the permission; NotFound otherwise, so that ids cannot be probed."""
    found = await Unit.get_or_none(id=unit_id, agency_id=actor.agency_id)
    if found is None or not actor.may(permission, found.path):
        raise NotFound
    return found


async def agency(actor: Actor) -> Agency:
    return await Agency.get(id=actor.agency_id)


def agency_rule(agency_id: UUID, topic: str, day: date) -> QuerySet[AgencyRule]:
    """The rule in force on a day; a later start wins over an earlier one."""
    return AgencyRule.filter(
        Q(agency_id=agency_id, topic=topic, valid_from__lte=day)
        & (Q(valid_until__isnull=True) | Q(valid_until__gte=day))
    ).order_by("-valid_from")


async def units_by_id(actor: Actor, unit_ids: Sequence[UUID]) -> dict[UUID, Unit]:
    """Units of the actor's own grants; a grant's unit is always of the actor's agency."""
    found = await Unit.filter(agency_id=actor.agency_id, id__in=list(unit_ids)) if unit_ids else []
    return {row.id: row for row in found}


async def tops(actor: Actor, permission: Permission) -> list[Unit]:
    """The highest unit of each subtree on which the permission is held."""
    paths = actor.reach(permission)
    if WHOLE_AGENCY in paths:
        return await Unit.filter(agency_id=actor.agency_id, parent_id__isnull=True).order_by("path")
    under = [path for path in paths if not any(path != top and path.startswith(top) for top in paths)]
    return await Unit.filter(agency_id=actor.agency_id, path__in=under).order_by("path") if under else []
