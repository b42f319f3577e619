"""What arguments, values and results mean, for whoever reads the schema.

Strawberry takes descriptions of fields where they stand. What is said here, and by the slices, would stand there
fifty times: one name means one thing everywhere.
"""

from graphql import GraphQLEnumType, GraphQLObjectType, GraphQLSchema, GraphQLUnionType

from api.slices import merged

TYPES = {
    "Query": "What can be read. Lists and single things hold only what you may see.",
    "Mutation": "What can be done. Expected failures are members of the result, in the reader's language.",
    "Subscription": "What can be watched. Rights are looked at anew before each message.",
    "UUID": "An identifier (RFC 9562), as 36 characters.",
}

#: What lists and single things take everywhere.
COMMON = {
    "after": "Go on behind this cursor, an `endCursor` of the same list.",
    "employeeId": "Whose.",
    "first": "How many rows at most, 1 to 100.",
    "id": "Which one.",
    "input": "What it takes.",
    "search": "A part of the name, or the beginning or the end of a NIP.",
    "under": "Only this unit and those under it.",
    "unitId": "A unit, with all that is under it.",
}
ARGUMENTS = COMMON | merged(lambda slice: slice.arguments)

VALUES = merged(lambda slice: slice.values) | {
    "ReasonLevel.FLAG": "It counts, and is marked.",
    "ReasonLevel.INFO": "Told, changes nothing.",
    "ReasonLevel.REFUSE": "It does not count.",
    "ReasonLevel.REVIEW": "A person decides.",
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
