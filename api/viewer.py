"""`me`: the person who asks, put together from every slice."""

import strawberry

from api.accounts import schema as accounts
from api.attendance import access as attendance
from api.attendance.schema.desk import Desk, DeskContact, desk_contacts, own_desk
from api.attendance.schema.query import day_of
from api.attendance.schema.types import AttendanceDay, CheckIn
from api.biometrics import receipts
from api.biometrics import schema as biometrics
from api.core.errors import NotFound
from api.core.graphql import Info
from api.core.policy import Permission
from api.core.relay import page_size
from api.core.slice import Slice
from api.people import access as people
from api.people.schema import Agency, Employee, RoleType, Unit
from api.people.time import today_in
from api.sites import access as sites
from api.sites.schema import DutyAssignment


@strawberry.type(description="A role that one holds.")
class RoleAssignment:
    role: RoleType = strawberry.field(description="Which role.")  # type: ignore[valid-type]
    unit: Unit | None = strawberry.field(
        description="Where, with all that is under it; null: the whole agency."
    )


@strawberry.type(description="The person who asks.")
class Me:
    @strawberry.field(description="You as an employee.")
    async def employee(self, info: Info) -> Employee:
        actor = info.context.actor
        return Employee.of(await people.employee(actor, actor.employee_id))

    @strawberry.field(description="Your agency.")
    async def agency(self, info: Info) -> Agency:
        row = await people.agency(info.context.actor)
        return Agency(id=row.id, name=row.name, short_name=row.short_name)

    @strawberry.field(description="The roles you hold today.")
    async def roles(self, info: Info) -> list[RoleAssignment]:
        grants = info.context.actor.grants
        found = await people.units_by_id(info.context.actor, [g.unit_id for g in grants if g.unit_id])
        return [
            RoleAssignment(role=grant.role, unit=Unit.of(found[grant.unit_id]) if grant.unit_id else None)
            for grant in grants
        ]

    @strawberry.field(description="Names of what you may do for others.")
    def permissions(self, info: Info) -> list[str]:
        return [permission.value for permission in info.context.actor.permissions]

    @strawberry.field(description="Tops of the subtrees whose live wall you may open.")
    async def watchable_units(self, info: Info) -> list[Unit]:
        rows = await people.tops(info.context.actor, Permission.WATCH_ATTENDANCE)
        return [Unit.of(row) for row in rows]

    @strawberry.field(
        description="What you need to record presences by hand; null when that is not yours to do."
    )
    async def desk(self, info: Info) -> Desk | None:
        return await own_desk(info)

    @strawberry.field(
        description="Who may record your presence by hand when your face cannot be compared, nearest first."
    )
    async def desk_contacts(self, info: Info) -> list[DeskContact]:
        return await desk_contacts(info)

    @strawberry.field(description="Your day as it stands.")
    async def today(self, info: Info) -> AttendanceDay:
        found = await day_of(info, info.context.actor.employee_id, None)
        if found is None:
            raise NotFound
        return found

    @strawberry.field(description="Your latest submissions, at most 50.")
    async def recent_check_ins(self, info: Info, first: int = 10) -> list[CheckIn]:
        actor = info.context.actor
        own = attendance.check_ins(actor).filter(employee_id=actor.employee_id)
        return [CheckIn.of(row) for row in await own.order_by("-received_at").limit(page_size(first))]

    @strawberry.field(description="Where you may check in today.")
    async def duty(self, info: Info) -> list[DutyAssignment]:
        actor = info.context.actor
        today = today_in(actor.time_zone, info.context.clock())
        return [DutyAssignment.of(row) for row in await sites.duties(actor.employee_id, today)]

    @strawberry.field(description="A consent's text, with the date of yours.")
    async def consent(self, info: Info, purpose: biometrics.Purpose) -> biometrics.Consent:  # type: ignore[valid-type]
        return await biometrics.own_consent(info, purpose)

    @strawberry.field(
        description="The enrolment that waits for a person's word, else the one in force, else the latest."
    )
    async def enrolment(self, info: Info) -> biometrics.Enrolment | None:
        return await biometrics.current_enrolment(info)

    @strawberry.field(
        description="What your withdrawals of consent took away, newest first, each with its receipt."
    )
    async def erasures(self, info: Info) -> list[receipts.Erasure]:
        return await receipts.own_erasures(info.context.actor)

    @strawberry.field(description="Where you are signed in.")
    async def sessions(self, info: Info) -> list[accounts.Session]:
        return await accounts.sessions(info)

    @strawberry.field(description="Your tokens for programs.")
    async def api_tokens(self, info: Info) -> list[accounts.ApiToken]:
        return await accounts.api_tokens(info)


@strawberry.type
class ViewerQuery:
    @strawberry.field(description="You; null when nobody is signed in.")
    def me(self, info: Info) -> Me | None:
        return Me() if info.context.actor_or_none else None


SLICE = Slice(
    queries=(ViewerQuery,),
    lists={
        "Me.apiTokens": 20,
        "Me.duty": 5,
        "Me.erasures": receipts.MOST,
        "Me.permissions": 10,
        "Me.roles": 10,
        "Me.sessions": 50,
        "Me.deskContacts": 5,
        "Me.watchableUnits": 10,
    },
)
