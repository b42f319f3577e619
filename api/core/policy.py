"""One table: who may do what, and how far it reaches.

A grant is a role held on a unit; it reaches that unit and everything under it. The table is the only place
where a role's name decides anything: the rest of the program asks `Actor.may` and `Actor.reach`.
"""

from enum import StrEnum


class Role(StrEnum):
    EMPLOYEE = "EMPLOYEE"
    SUPERVISOR = "SUPERVISOR"
    HR_ADMIN = "HR_ADMIN"
    AGENCY_ADMIN = "AGENCY_ADMIN"
    AUDITOR = "AUDITOR"


class Permission(StrEnum):
    """What can be granted. One's own records need no grant: `Actor.owns` answers for them."""

    READ_PEOPLE = "people.read"  #: names, posts and units of employees
    READ_ATTENDANCE = "attendance.read"  #: days and check-ins, without evidence
    WATCH_ATTENDANCE = "attendance.watch"  #: the live wall
    REVIEW_ATTENDANCE = "attendance.review"  #: confirm or overrule a verdict
    READ_EVIDENCE = "attendance.evidence"  #: scores, positions and distances
    READ_PHOTOGRAPHS = "attendance.photographs"  #: faces; each look is logged
    READ_AUDIT = "audit.read"  #: who did and saw what


_EVERYTHING_OF_A_UNIT = frozenset(
    {
        Permission.READ_PEOPLE,
        Permission.READ_ATTENDANCE,
        Permission.WATCH_ATTENDANCE,
        Permission.REVIEW_ATTENDANCE,
        Permission.READ_EVIDENCE,
        Permission.READ_PHOTOGRAPHS,
    }
)

TABLE: dict[Role, frozenset[Permission]] = {
    Role.EMPLOYEE: frozenset(),
    Role.SUPERVISOR: _EVERYTHING_OF_A_UNIT,
    Role.HR_ADMIN: _EVERYTHING_OF_A_UNIT,
    # Runs the agency's set-up; faces are not needed for that.
    Role.AGENCY_ADMIN: frozenset(
        {
            Permission.READ_PEOPLE,
            Permission.READ_ATTENDANCE,
            Permission.WATCH_ATTENDANCE,
            Permission.READ_AUDIT,
        }
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

#: The path of the whole agency: every unit's path begins with it.
WHOLE_AGENCY = "/"
