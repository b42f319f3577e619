"""One table: who may do what, and how far it reaches.

A grant is a role held on a unit; it reaches that unit and everything under it. The table is the only place
where a role's name decides anything: the rest of the program asks `Actor.may` and `Actor.reach`.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from api.core.subtree import lies_in


class Role(StrEnum):
    EMPLOYEE = "EMPLOYEE"
    SUPERVISOR = "SUPERVISOR"
    HR_ADMIN = "HR_ADMIN"
    AGENCY_ADMIN = "AGENCY_ADMIN"
    AUDITOR = "AUDITOR"
    DESK_OFFICER = "DESK_OFFICER"


class Permission(StrEnum):
    """What can be granted. One's own records need no grant: `Actor.owns` answers for them."""

    READ_PEOPLE = "people.read"  #: names, posts and units of employees
    READ_ATTENDANCE = "attendance.read"  #: days and check-ins, without evidence
    WATCH_ATTENDANCE = "attendance.watch"  #: the live wall
    REVIEW_ATTENDANCE = "attendance.review"  #: confirm or overrule a verdict
    READ_EVIDENCE = "attendance.evidence"  #: scores, positions and distances
    READ_PHOTOGRAPHS = "attendance.photographs"  #: faces; each look is logged
    RECORD_PRESENCE = "presence.record"  #: record by hand who cannot be matched; never oneself
    READ_OBJECTIONS = "biometrics.objections"  #: who chose to do without face recognition
    CALIBRATE = "faces.calibrate"  #: take a proposed match threshold into use
    VOUCH_ENROLMENT = "enrolment.vouch"  #: say whose face it is before it counts; shows the photographs
    SEE_LIKENESSES = "enrolment.likenesses"  #: who else is enrolled with a face, and to decide about that
    MANAGE_ACCOUNTS = "accounts.manage"  #: who holds which role; give one-time passwords
    READ_AUDIT = "audit.read"  #: who did and saw what


_EVERYTHING_OF_A_UNIT = frozenset(
    {
        Permission.READ_PEOPLE,
        Permission.READ_ATTENDANCE,
        Permission.WATCH_ATTENDANCE,
        Permission.REVIEW_ATTENDANCE,
        Permission.READ_EVIDENCE,
        Permission.READ_PHOTOGRAPHS,
        Permission.VOUCH_ENROLMENT,
    }
)

TABLE: dict[Role, frozenset[Permission]] = {
    Role.EMPLOYEE: frozenset(),
    Role.SUPERVISOR: _EVERYTHING_OF_A_UNIT | {Permission.RECORD_PRESENCE},
    Role.HR_ADMIN: _EVERYTHING_OF_A_UNIT
    | {Permission.READ_OBJECTIONS, Permission.SEE_LIKENESSES, Permission.MANAGE_ACCOUNTS},
    # Runs the agency's set-up; faces are not needed for that.
    Role.AGENCY_ADMIN: frozenset(
        {
            Permission.READ_PEOPLE,
            Permission.READ_ATTENDANCE,
            Permission.WATCH_ATTENDANCE,
            Permission.CALIBRATE,
            Permission.MANAGE_ACCOUNTS,
            Permission.READ_AUDIT,
        }
    ),
    # Knows who came, to record who could not be matched; evidence and faces are the supervisor's.
    Role.DESK_OFFICER: frozenset(
        {Permission.READ_PEOPLE, Permission.READ_ATTENDANCE, Permission.RECORD_PRESENCE}
    ),
    # Checks that rules were kept: sees figures and the trail, decides nothing, sees no face.
    Role.AUDITOR: frozenset(
        {
            Permission.READ_PEOPLE,
            Permission.READ_ATTENDANCE,
            Permission.READ_EVIDENCE,
            Permission.READ_AUDIT,
        }
    ),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role on a unit; `path` is the unit's, "/" for the whole agency."""

    role: Role
    path: str
    unit_id: UUID | None = None


@lru_cache(maxsize=4096)
def held(grants: tuple[Grant, ...], path: str) -> frozenset[Permission]:
    """What the grants permit on the unit that lies at a path."""
    return frozenset(p for grant in grants if lies_in(path, grant.path) for p in TABLE[grant.role])


#: From below: nobody opens the account of somebody above himself. The auditor stands above those he audits.
ORDER = (
    Role.EMPLOYEE,
    Role.DESK_OFFICER,
    Role.SUPERVISOR,
    Role.HR_ADMIN,
    Role.AUDITOR,
    Role.AGENCY_ADMIN,
)


def may_give_password(own: tuple[Grant, ...], theirs: tuple[Grant, ...]) -> bool:
    """Whether each of their roles lies, with all its reach, under one of ours that manages accounts: whoever has
    somebody's password can do what that person can."""
    managing = [grant for grant in own if Permission.MANAGE_ACCOUNTS in TABLE[grant.role]]
    return all(
        any(
            lies_in(grant.path, mine.path) and ORDER.index(grant.role) <= ORDER.index(mine.role)
            for mine in managing
        )
        for grant in theirs
    )
