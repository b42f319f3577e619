"""Agencies, units and employees as the API shows them."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Self
from uuid import UUID

import strawberry

from api.core.graphql import Info
from api.core.loaders import load
from api.core.policy import Role
from api.core.relay import Connection, as_uuid, connect, page_size, read_cursor
from api.core.subtree import NOWHERE, reached
from api.people import access, models
from api.people.access import Record
from api.people.time import today_in, zone_name

if TYPE_CHECKING:
    from api.biometrics.schema import EnrolmentStateType

RoleType = strawberry.enum(Role, name="Role", description="What a person is for the others.")


@strawberry.type(description="A tenant: a ministry, a regional government, or a private body.")
class Agency:
    id: UUID = strawberry.field(description="Identifier.")
    name: str = strawberry.field(description="Full name.")
    short_name: str = strawberry.field(description="Name used in lists and headings.")


@strawberry.type(description="An office in the agency's tree.")
class Unit:
    id: UUID = strawberry.field(description="Identifier.")
    code: str = strawberry.field(description="The agency's own code of the unit.")
    name: str = strawberry.field(description="Name of the office.")
    time_zone: str = strawberry.field(
        description="IANA name of the zone in which the unit's days are counted."
    )
    parent_id: UUID | None = strawberry.field(description="The unit above, if any.")
    path: strawberry.Private[str]

    @classmethod
    def of(cls, row: models.Unit) -> Self:
        return cls(
            id=row.id,
            code=row.code,
            name=row.name,
            time_zone=row.time_zone,
            parent_id=row.parent_id,
            path=row.path,
        )

    @classmethod
    def of_row(cls, row: Record) -> Self:
        """Of a row that holds the unit among other things."""
        return cls(
            id=row["unit_id"],
            code=row["unit_code"],
            name=row["unit_name"],
            time_zone=row["time_zone"],
            parent_id=row["parent_id"],
            path=row["unit_path"],
        )

    @strawberry.field(description="WIB, WITA or WIT.")
    def zone_name(self) -> str:
        return zone_name(self.time_zone)

    @strawberry.field(description="The unit's date now, by the server's clock.")
    def today(self, info: Info) -> date:
        return today_in(self.time_zone, info.context.clock())

    @strawberry.field(description="Active employees in the unit and under it, of those you may see.")
    async def employee_count(self, info: Info) -> int:
        people = access.employees(info.context.actor)
        return await people.filter(reached([self.path], "unit__"), active=True).count()


@strawberry.type(description="A person in the agency's service.")
class Employee:
    id: UUID = strawberry.field(description="Identifier.")
    nip: str = strawberry.field(description="The civil servant's number, 18 digits.")
    name: str = strawberry.field(description="Name with titles.")
    position: str = strawberry.field(description="Post held.")
    active: bool = strawberry.field(description="Whether the person is in service now.")
    unit: Unit = strawberry.field(description="The office the person belongs to.")
    supervisor_id: strawberry.Private[UUID | None]

    @classmethod
    def of(cls, row: models.Employee) -> Self:
        return cls(
            id=row.id,
            nip=row.nip,
            name=row.name,
            position=row.position,
            active=row.active,
            unit=Unit.of(row.unit),
            supervisor_id=row.supervisor_id,
        )

    @classmethod
    def of_row(cls, row: Record, units: dict[UUID, Unit]) -> Self:
        """Of a row that holds the person and the unit; colleagues share theirs."""
        unit = units.get(row["unit_id"])
        if unit is None:
            unit = units[row["unit_id"]] = Unit.of_row(row)
        return cls(
            id=row["id"],
            nip=row["nip"],
            name=row["name"],
            position=row["position"],
            active=row["active"],
            unit=unit,
            supervisor_id=row["supervisor_id"],
        )

    @strawberry.field(description="The direct superior, if you may see that person.")
    async def supervisor(self, info: Info) -> "Employee | None":
        if self.supervisor_id is None:
            return None
        found = await access.employees(info.context.actor).get_or_none(id=self.supervisor_id)
        return Employee.of(found) if found else None

    @strawberry.field(
        description="Whether this person's face is enrolled; NONE for somebody whom you may not look up."
    )
    async def enrolment(
        self, info: Info
    ) -> Annotated["EnrolmentStateType", strawberry.lazy("api.biometrics.schema")]:  # type: ignore[valid-type]
        state: EnrolmentStateType = await load(info.context, "enrolment_state", self.id)  # type: ignore[valid-type]
        return state

    @strawberry.field(
        description="Roles that this person holds today; none where you do not manage the person's account."
    )
    async def roles(self, info: Info) -> list[RoleType]:  # type: ignore[valid-type]
        found: list[Role] = await load(info.context, "roles", self.id)
        return found

    @strawberry.field(
        description="Since when this person does without face recognition; null for whoever does not, and where "
        "you may not know."
    )
    async def objected_at(self, info: Info) -> datetime | None:
        since: datetime | None = await load(info.context, "objected_at", self.id)
        return since


@strawberry.type
class PeopleQuery:
    @strawberry.field(
        description="Units that you may see, each after the one above it; `under` narrows to a subtree."
    )
    async def units(
        self,
        info: Info,
        first: int = 50,
        after: str | None = None,
        search: str | None = None,
        under: UUID | None = None,
    ) -> Connection[Unit]:
        found = access.units(info.context.actor)
        if under is not None:
            top = await access.units(info.context.actor).get_or_none(id=under)
            found = found.filter(reached([top.path if top else NOWHERE]))
        if search:
            found = found.filter(name__icontains=search)
        whole_list = found
        if key := read_cursor(after, 1):
            found = found.filter(path__gt=str(key[0]))
        rows = await found.order_by("path").limit(page_size(first) + 1)
        return connect(
            rows, first=first, after=after, total=whole_list.count, node=Unit.of, key=lambda row: [row.path]
        )

    @strawberry.field(description="One unit; null when there is none that you may see.")
    async def unit(self, info: Info, id: UUID) -> Unit | None:
        found = await access.units(info.context.actor).get_or_none(id=id)
        return Unit.of(found) if found else None

    @strawberry.field(description="Active employees that you may see, by name.")
    async def employees(
        self,
        info: Info,
        first: int = 50,
        after: str | None = None,
        unit_id: UUID | None = None,
        search: str | None = None,
    ) -> Connection[Employee]:
        under = None
        if unit_id is not None:
            top = await access.units(info.context.actor).get_or_none(id=unit_id)
            under = top.path if top else NOWHERE
        directory = access.Directory(info.context.actor, under=under, search=search)
        units: dict[UUID, Unit] = {}
        key = read_cursor(after, 2)
        rows = await directory.page(
            page_size(first) + 1, (str(key[0]), as_uuid(key[1], "after")) if key else None
        )
        return connect(
            rows,
            first=first,
            after=after,
            total=directory.count,
            node=lambda row: Employee.of_row(row, units),
            key=lambda row: [row["name"], row["id"]],
        )

    @strawberry.field(description="One employee; null when there is none that you may see.")
    async def employee(self, info: Info, id: UUID) -> Employee | None:
        found = await access.employees(info.context.actor).get_or_none(id=id)
        return Employee.of(found) if found else None
