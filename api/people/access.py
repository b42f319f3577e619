"""Which people and units this actor may see: the only way to reach them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from api.core import database
from api.core.context import Actor
from api.core.errors import NotFound
from api.core.policy import Permission
from api.core.subtree import WHOLE_AGENCY, highest, reached
from api.people.models import Agency, AgencyRule, Employee, RuleTopic, Unit
from api.people.nip import normalise

#: A row as the driver gives it: read by name like a mapping, and not copied into one.
Record = Mapping[str, Any]
#: People with their units, as `Employee.of_row` reads them.
DIRECTORY = """
SELECT e.id, e.nip, e.name, e.position, e.active, e.supervisor_id,
       u.id AS unit_id, u.code AS unit_code, u.name AS unit_name, u.time_zone, u.parent_id, u.path AS unit_path
"""
FROM = "  FROM employee e JOIN unit u ON u.id = e.unit_id WHERE "
#: An array, so that an index on the unit serves; a subquery beside an OR would be asked of every employee.
IN_UNITS = "e.unit_id = ANY(ARRAY(SELECT id FROM unit WHERE agency_id = $1 AND path ^@ ANY({})))"


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


class Directory:
    """Active people within an actor's reach, by name; raw, since this list is what everybody opens."""

    def __init__(self, actor: Actor, *, under: str | None = None, search: str | None = None) -> None:
        self._values: list[object] = [actor.agency_id]
        self._conditions = ["e.agency_id = $1", "e.active"]
        reach = actor.reach(Permission.READ_PEOPLE)
        if WHOLE_AGENCY not in reach:
            units = IN_UNITS.format(self._given(list(reach)))
            self._conditions.append(f"(e.id = {self._given(actor.employee_id)} OR {units})")
        if under is not None:
            self._conditions.append(IN_UNITS.format(self._given([under])))
        if search:
            name = self._given(database.containing(search))
            digits = normalise(search) or search
            begins, ends = self._given(database.beginning(digits)), self._given(database.ending(digits))
            likely = f"e.name ILIKE {name} OR e.nip LIKE {begins} OR e.nip LIKE {ends}"
            self._conditions.append(f"({likely})")

    async def count(self) -> int:
        found = await database.rows("SELECT count(*) AS n" + self._from(), *self._values)
        return int(found[0]["n"])

    async def page(self, limit: int, after: tuple[str, UUID] | None = None) -> Sequence[Record]:
        """Up to `limit` people that follow a name and id."""
        values, where = list(self._values), self._from()
        if after:
            where += f" AND (e.name, e.id) > (${len(values) + 1}, ${len(values) + 2})"
            values += after
        sql = f"{DIRECTORY}{where} ORDER BY e.name, e.id LIMIT {int(limit)}"
        return (await database.connection().execute_query(sql, values))[1]

    def _from(self) -> str:
        return FROM + " AND ".join(self._conditions)

    def _given(self, value: object) -> str:
        self._values.append(value)
        return f"${len(self._values)}"


async def unit_for(actor: Actor, unit_id: UUID, permission: Permission) -> Unit:
    """A unit on which the actor holds the permission; NotFound otherwise, so that ids cannot be probed."""
    found = await Unit.get_or_none(id=unit_id, agency_id=actor.agency_id)
    if found is None or not actor.may(permission, found.path):
        raise NotFound
    return found


async def agency(actor: Actor) -> Agency:
    return await Agency.get(id=actor.agency_id)


def agency_rule(agency_id: UUID, topic: RuleTopic, day: date) -> QuerySet[AgencyRule]:
    """The rule in force on a day; a later start wins over an earlier one."""
    return AgencyRule.filter(
        Q(agency_id=agency_id, topic=topic, valid_from__lte=day)
        & (Q(valid_until__isnull=True) | Q(valid_until__gte=day))
    ).order_by("-valid_from", "-id")


async def units_by_id(actor: Actor, unit_ids: Sequence[UUID]) -> dict[UUID, Unit]:
    """Units of the actor's own grants; a grant's unit is always of the actor's agency."""
    found = await Unit.filter(agency_id=actor.agency_id, id__in=list(unit_ids)) if unit_ids else []
    return {row.id: row for row in found}


async def tops(actor: Actor, permission: Permission) -> list[Unit]:
    """The highest unit of each subtree on which the permission is held."""
    paths = actor.reach(permission)
    if WHOLE_AGENCY in paths:
        return await Unit.filter(agency_id=actor.agency_id, parent_id__isnull=True).order_by("path")
    found = Unit.filter(agency_id=actor.agency_id, path__in=highest(paths))
    return await found.order_by("path") if paths else []


async def every_agency() -> list[Agency]:
    """For commands of whoever runs the machine; no request reaches it."""
    return await Agency.all().order_by("short_name")
