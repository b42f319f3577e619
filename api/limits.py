"""How much one request may ask for. Everything is measured on the parsed text, before validation: the checks
of overlapping fields are quadratic, and a hostile query must not reach them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from strawberry.extensions import SchemaExtension

from api.core.context import Context
from api.core.i18n import say
from api.core.relay import LARGEST_PAGE

MOST_TOKENS = 1_000
DEEPEST = 9
MOST_ALIASES = 15
MOST_FIELDS = 250
#: Fields, each counted as often as its lists can repeat it.
MOST_COST = 10_000
MOST_BODY_BYTES = 64 * 1024
#: Parsed queries kept a process; small, since strangers can fill it with large ones.
REMEMBERED = 128

LISTS = {
    "edges": 1,
    "checkIns": 20,
    "recentCheckIns": 10,
    "frames": 8,
    "fixes": 10,
    "reasons": 5,
    "changed": 50,
}


@dataclass(slots=True)
class Size:
    depth: int = 0
    fields: int = 0
    aliases: int = 0
    cost: int = 0


class QueryLimits(SchemaExtension):
    """Refuses what is too deep, too wide, too often aliased or too costly, naming the limit."""

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = MOST_TOKENS
        yield

    def on_parse(self) -> Iterator[None]:
        yield
        document = self.execution_context.graphql_document
        if document is None:
            return
        context = self.execution_context.context
        exceeded = _exceeded(self.execution_context.query or "", document)
        if exceeded:
            limit, most = exceeded
            sentence = say("LIMIT_EXCEEDED", context.locale, {"limit": limit, "most": most})
            raise GraphQLError(sentence.message, extensions={"code": "LIMIT_EXCEEDED"})


class StrangersSeeNoSchema(SchemaExtension):
    """Introspection is for those who are signed in; schema.graphql is public, a server's own answer is not."""

    def on_parse(self) -> Iterator[None]:
        yield
        context: Context = self.execution_context.context
        query = self.execution_context.query or ""
        if context.actor_or_none is None and (
            "__schema" in query or "__type" in query.replace("__typename", "")
        ):
            sentence = say("SIGN_IN_REQUIRED", context.locale)
            raise GraphQLError(sentence.message, extensions={"code": "SIGN_IN_REQUIRED"})


_measured: dict[str, tuple[str, int] | None] = {}


def _exceeded(text: str, document: DocumentNode) -> tuple[str, int] | None:
    """Name and value of the first limit that a document exceeds; remembered by its text."""
    if text not in _measured:
        if len(_measured) >= REMEMBERED:
            _measured.clear()
        _measured[text] = _measure(document)
    return _measured[text]


def _measure(document: DocumentNode) -> tuple[str, int] | None:
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    known: dict[str, Size] = {}
    for definition in document.definitions:
        if not isinstance(definition, OperationDefinitionNode):
            continue
        size = _size(definition.selection_set, fragments, known, frozenset())
        for name, value, most in (
            ("depth", size.depth, DEEPEST),
            ("aliases", size.aliases, MOST_ALIASES),
            ("fields", size.fields, MOST_FIELDS),
            ("cost", size.cost, MOST_COST),
        ):
            if value > most:
                return name, most
    return None


def _size(
    selections: SelectionSetNode | None,
    fragments: dict[str, FragmentDefinitionNode],
    known: dict[str, Size],
    inside: frozenset[str],
) -> Size:
    """Sum over a selection set. A fragment is measured once and counted wherever it is spread."""
    total = Size()
    for selection in selections.selections if selections else ():
        if isinstance(selection, FieldNode):
            below = _size(selection.selection_set, fragments, known, inside)
            times = _times(selection)
            part = Size(
                below.depth + 1,
                below.fields + 1,
                below.aliases + (selection.alias is not None),
                min(times * (below.cost + 1), MOST_COST + 1),
            )
        elif isinstance(selection, InlineFragmentNode):
            part = _size(selection.selection_set, fragments, known, inside)
        elif isinstance(selection, FragmentSpreadNode):
            part = _fragment(selection.name.value, fragments, known, inside)
        else:
            continue
        total.depth = max(total.depth, part.depth)
        total.fields += part.fields
        total.aliases += part.aliases
        total.cost = min(total.cost + part.cost, MOST_COST + 1)
    return total


def _fragment(
    name: str, fragments: dict[str, FragmentDefinitionNode], known: dict[str, Size], inside: frozenset[str]
) -> Size:
    if name in inside or name not in fragments:
        return Size()  # a cycle or a missing fragment: validation names it
    if name not in known:
        known[name] = _size(fragments[name].selection_set, fragments, known, inside | {name})
    return known[name]


def _times(field: FieldNode) -> int:
    """How often what is below a field can repeat: `first`, the largest page for a variable, or a known list."""
    for argument in field.arguments or ():
        if argument.name.value == "first":
            value = argument.value
            return min(int(value.value), LARGEST_PAGE) if isinstance(value, IntValueNode) else LARGEST_PAGE
    return LISTS.get(field.name.value, 1)
