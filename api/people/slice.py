"""What people add to the whole."""

from api.core.slice import Slice
from api.people.schema import PeopleQuery

SLICE = Slice(
    queries=(PeopleQuery,),
    shareable={
        "Employee": "id nip name position active unit",
        "Unit": "id code name timeZone parentId zoneName today",
    },
    values={
        "Role.AGENCY_ADMIN": "Runs the agency's set-up; sees no evidence and no face.",
        "Role.AUDITOR": "Sees figures and the trail; decides nothing, sees no face.",
        "Role.DESK_OFFICER": "Records by hand who cannot be matched; sees no evidence and no face.",
        "Role.EMPLOYEE": "Checks in; sees what is his own.",
        "Role.HR_ADMIN": "Watches and reviews a unit and all under it.",
        "Role.SUPERVISOR": "Watches and reviews his office.",
    },
)
