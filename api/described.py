"""What arguments, values and results mean, for whoever reads the schema.

Strawberry takes descriptions of fields where they stand. What is said here would stand there fifty times: one
name means one thing everywhere.
"""

from graphql import GraphQLEnumType, GraphQLObjectType, GraphQLSchema, GraphQLUnionType

TYPES = {
    "Query": "What can be read. Lists and single things hold only what you may see.",
    "Mutation": "What can be done. Expected failures are members of the result, in the reader's language.",
    "Subscription": "What can be watched. Rights are looked at anew before each message.",
    "UUID": "An identifier (RFC 9562), as 36 characters.",
}

ARGUMENTS = {
    "after": "Go on behind this cursor, an `endCursor` of the same list.",
    "current": "The password until now.",
    "day": "A local day; without it, each person's own today.",
    "days": "How many days it holds, 1 to 365.",
    "employeeId": "Whose.",
    "filter": "Only those in this state.",
    "first": "How many rows at most, 1 to 100.",
    "from": "From this local day on.",
    "id": "Which one.",
    "input": "What it takes.",
    "name": "What it is for, 1 to 80 characters.",
    "new": "The password from now on, 10 to 200 characters.",
    "photos": "How many photographs will follow, 1 to 5.",
    "purpose": "What the data are processed for.",
    "search": "A part of the name, or the beginning of a NIP.",
    "state": "Only those that stand so.",
    "under": "Only this unit and those under it.",
    "unitId": "A unit, with all that is under it.",
    "until": "Up to this local day, included.",
    "version": "Which version of the text was shown.",
}

VALUES = {
    "AttendanceFilter.FLAGGED": "With a check-in that counts but is marked.",
    "AttendanceFilter.IN": "Checked in, and not out.",
    "AttendanceFilter.LATE": "Came after the start of duty.",
    "AttendanceFilter.NEEDS_REVIEW": "With a check-in that waits for a person.",
    "AttendanceFilter.NOT_IN": "Not seen yet.",
    "AttendanceFilter.OUT": "Checked out.",
    "AttendanceFilter.PENDING": "Came, not decided yet.",
    "CheckInKind.IN": "Coming.",
    "CheckInKind.OUT": "Going.",
    "CheckInState.ACCEPTED": "It counts.",
    "CheckInState.FLAGGED": "It counts, and is marked.",
    "CheckInState.PENDING": "Taken and safe; the verdict follows.",
    "CheckInState.REFUSED": "It does not count; the person may contest it or try again.",
    "CheckInState.REVIEW": "It waits for a person.",
    "DeviceKind.DESKTOP": "A computer.",
    "DeviceKind.PHONE": "A phone or tablet.",
    "EnrolmentState.ACTIVE": "In force: check-ins are compared with it.",
    "EnrolmentState.NONE": "The person has no enrolment.",
    "EnrolmentState.PENDING": "The photographs are being checked.",
    "EnrolmentState.REFUSED": "A photograph was not good enough; its reasons say why.",
    "EnrolmentState.REPLACED": "A later one took its place, or the consent was withdrawn.",
    "PositionResult.INSIDE": "Within the circle, the accuracy included.",
    "PositionResult.NOT_CHECKED": "There was no position or no duty location to hold it against.",
    "PositionResult.OUTSIDE": "Outside the circle, the accuracy included.",
    "PositionResult.UNCERTAIN": "Within the accuracy of the circle's edge.",
    "PositionResult.UNUSABLE": "No fix could be used.",
    "Presence.IN": "Checked in, and not out.",
    "Presence.NOT_IN": "Not seen yet, or nothing that counts.",
    "Presence.OUT": "Checked out.",
    "Presence.PENDING": "Came, and a check-in is not decided yet.",
    "Purpose.FACE_RECOGNITION": "To make sure that it is the person who checks in.",
    "ReasonLevel.FLAG": "It counts, and is marked.",
    "ReasonLevel.INFO": "Told, changes nothing.",
    "ReasonLevel.REFUSE": "It does not count.",
    "ReasonLevel.REVIEW": "A person decides.",
    "ReviewDecision.CONFIRM": "It counts.",
    "ReviewDecision.REJECT": "It does not count.",
    "Role.AGENCY_ADMIN": "Runs the agency's set-up; sees no evidence and no face.",
    "Role.AUDITOR": "Sees figures and the trail; decides nothing, sees no face.",
    "Role.EMPLOYEE": "Checks in; sees what is his own.",
    "Role.HR_ADMIN": "Watches and reviews a unit and all under it.",
    "Role.SUPERVISOR": "Watches and reviews his office.",
    "WorkMode.HOME": "A person's home.",
    "WorkMode.OFFICE": "An office of the agency.",
    "WorkMode.OFF_SITE": "Elsewhere, by order.",
}


def describe(schema: GraphQLSchema) -> None:
    """Fill in what has no description of its own; KeyError for an argument or value that nobody described."""
    for name, found in schema.type_map.items():
        if name.startswith("__"):
            continue
        if isinstance(found, GraphQLUnionType):
            found.description = found.description or "Done, or why not."
        elif isinstance(found, GraphQLEnumType):
            for value, definition in found.values.items():
                definition.description = definition.description or VALUES[f"{name}.{value}"]
        elif isinstance(found, GraphQLObjectType):
            for field in found.fields.values():
                for argument, taken in field.args.items():
                    taken.description = taken.description or ARGUMENTS[argument]
        found.description = found.description or TYPES.get(name)
