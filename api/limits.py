"""How much one request may ask for.

A document is measured when it is parsed and before it is validated: the check of overlapping fields is quadratic
and a hostile document must not reach it. Documents that passed are remembered, by their text.
"""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeMetaFieldDef,
    Undefined,
    get_named_type,
    get_nullable_type,
    is_list_type,
    parse,
)

from api.core.relay import LARGEST_PAGE
from api.slices import merged

MOST_BODY_BYTES = 64 * 1024
MOST_TOKENS = 1_000
MOST_COMMENTS = 100
DEEPEST = 8
MOST_ALIASES = 15
MOST_FIELDS = 250
#: Pairs of fields that would have to be compared because they are asked for under one name in one place.
MOST_OVERLAPS = 250
MOST_SPREADS = 100
#: Fields, each counted as often as the lists above it can repeat it.
MOST_COST = 10_000
#: What tools ask a schema with is deep and long, but needs no aliases, and validation limits its lists to three
#: in one another. All of it costs 16 ms here.
DEEPEST_INTROSPECTION = 20
MOST_INTROSPECTION_COST = 40_000
#: What remembered documents may weigh together, in bytes; of one, a token weighs about 600 and a character 4.
MOST_REMEMBERED = 20_000_000

#: Rows a list can have where no `first` says so.
LISTS = merged(lambda slice: slice.lists) | {
    "UploadTarget.headers": 3,
    # The schema's own lists, by their mean.
    "__Directive.args": 1,
    "__Directive.locations": 3,
    "__Field.args": 1,
    "__Schema.directives": 5,
    "__Schema.types": 100,
    "__Type.enumValues": 1,
    "__Type.fields": 4,
    "__Type.inputFields": 1,
    "__Type.interfaces": 1,
    "__Type.possibleTypes": 1,
}


#: Fields of the root that no type lists.
META = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document: what it does and which `Type.field` it selects."""

    node: OperationDefinitionNode
    coordinates: frozenset[str]

    @property
    def kind(self) -> OperationType:
        return self.node.operation


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document within the limits."""

    text: str
    node: DocumentNode
    operations: Mapping[str, Operation]
    introspects: bool

    @property
    def weight(self) -> int:
        return 600 * self.node.token_count + 4 * len(self.text)

    def operation(self, name: str | None) -> Operation | None:
        """The one that a request means: by name, or the only one."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        return self.operations.get(name or "")


class Remembered:
    """Documents by their text, the latest used; how much they weigh together is bounded."""

    def __init__(self) -> None:
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self.weight = 0

    def get(self, text: str) -> Document | None:
        document = self._documents.get(text)
        if document is not None:
            self._documents.move_to_end(text)
        return document

    def keep(self, document: Document) -> None:
        if document.text in self._documents:
            return
        self._documents[document.text] = document
        self.weight += document.weight
        while self.weight > MOST_REMEMBERED:
            _, dropped = self._documents.popitem(last=False)
            self.weight -= dropped.weight


def read(schema: GraphQLSchema, text: str) -> Document:
    """A document from its text; GraphQLError for a syntax error, and LIMIT_EXCEEDED with the limit's name."""
    if len(text) > MOST_BODY_BYTES:
        raise exceeded("characters", MOST_BODY_BYTES)
    try:
        node = parse(text, max_lexical_tokens=MOST_TOKENS, max_comments=MOST_COMMENTS)
    except GraphQLSyntaxError as error:
        if "more than" in error.description:
            raise exceeded("tokens", MOST_TOKENS) from None
        if "too deeply" in error.description:
            raise exceeded("depth", DEEPEST) from None
        raise
    fragments = {d.name.value: d for d in node.definitions if isinstance(d, FragmentDefinitionNode)}
    operations: dict[str, Operation] = {}
    coordinates: set[str] = set()
    for definition in node.definitions:
        if isinstance(definition, OperationDefinitionNode):
            walk = _Walk(schema, fragments)
            walk.go(definition.selection_set, schema.get_root_type(definition.operation))
            name = definition.name.value if definition.name else ""
            operations[name] = Operation(definition, frozenset(walk.coordinates))
            coordinates |= walk.coordinates
        elif isinstance(definition, FragmentDefinitionNode):  # validated even where nothing spreads it
            name = definition.type_condition.name.value
            deepest = DEEPEST_INTROSPECTION if name.startswith("__") else DEEPEST
            _Walk(schema, fragments).go(definition.selection_set, schema.get_type(name), deepest=deepest)
    introspects = any(coordinate.partition(".")[2] in META for coordinate in coordinates)
    return Document(text, node, operations, introspects)


def exceeded(limit: str, most: int) -> GraphQLError:
    """`failures.told` puts it into words."""
    return GraphQLError(
        f"{limit}: at most {most}", extensions={"code": "LIMIT_EXCEEDED", "limit": limit, "most": most}
    )


Path = tuple[str, ...]


@dataclass(slots=True)
class _Walk:
    """Goes through a definition with its fragments written out, and stops at the first limit it passes."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    coordinates: set[str] = field(default_factory=set)
    seen: Counter[Path] = field(default_factory=Counter)
    fields: int = 0
    aliases: int = 0
    overlaps: int = 0
    spreads: int = 0
    cost: int = 0
    introspection_cost: int = 0

    def go(
        self,
        selections: SelectionSetNode | None,
        parent: GraphQLNamedType | None,
        path: Path = (),
        times: int = 1,
        deepest: int = DEEPEST,
        inside: frozenset[str] = frozenset(),
    ) -> None:
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                self._field(selection, parent, path, times, deepest, inside)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                on = self.schema.get_type(condition.name.value) if condition else parent
                self.go(selection.selection_set, on, path, times, deepest, inside)
            elif isinstance(selection, FragmentSpreadNode):
                self._spread(selection.name.value, path, times, deepest, inside)

    def _field(
        self,
        node: FieldNode,
        parent: GraphQLNamedType | None,
        path: Path,
        times: int,
        deepest: int,
        inside: frozenset[str],
    ) -> None:
        name = node.name.value
        if name in META:
            deepest = DEEPEST_INTROSPECTION
        introspects = deepest == DEEPEST_INTROSPECTION
        if introspects and node.alias:
            raise exceeded("aliases in introspection", 0)
        path = (*path, node.alias.value if node.alias else name)
        self.coordinates.add(f"{parent.name if parent else '?'}.{name}")
        self.fields += 1
        self.aliases += node.alias is not None
        self.overlaps += self.seen[path]
        self.seen[path] += 1
        if introspects:
            self.introspection_cost += times
        else:
            self.cost += times
        self._check(len(path), deepest)
        definition = META.get(name) or getattr(parent, "fields", {}).get(name)
        below = get_named_type(definition.type) if definition else None
        self.go(node.selection_set, below, path, times * _rows(parent, node, definition), deepest, inside)

    def _spread(self, name: str, path: Path, times: int, deepest: int, inside: frozenset[str]) -> None:
        self.spreads += 1
        if self.spreads > MOST_SPREADS:
            raise exceeded("fragment spreads", MOST_SPREADS)
        fragment = self.fragments.get(name)
        if fragment is None or name in inside:
            return  # a cycle or a missing fragment: validation names it
        on = self.schema.get_type(fragment.type_condition.name.value)
        self.go(fragment.selection_set, on, path, times, deepest, inside | {name})

    def _check(self, depth: int, deepest: int) -> None:
        for limit, value, most in (
            ("depth", depth, deepest),
            ("fields", self.fields, MOST_FIELDS),
            ("aliases", self.aliases, MOST_ALIASES),
            ("overlapping fields", self.overlaps, MOST_OVERLAPS),
            ("cost", self.cost, MOST_COST),
            ("introspection", self.introspection_cost, MOST_INTROSPECTION_COST),
        ):
            if value > most:
                raise exceeded(limit, most)


def _rows(parent: GraphQLNamedType | None, node: FieldNode, definition: GraphQLField | None) -> int:
    """How often what is below a field can repeat: `first` or its default, else what `LISTS` says of a list."""
    if definition is None:
        return 1
    if "first" in definition.args:
        default = definition.args["first"].default_value
        for argument in node.arguments or ():
            if argument.name.value == "first":
                value = argument.value
                default = int(value.value[:9]) if isinstance(value, IntValueNode) else Undefined
        return min(max(default, 1), LARGEST_PAGE) if isinstance(default, int) else LARGEST_PAGE
    if not is_list_type(get_nullable_type(definition.type)) or node.name.value == "edges":
        return 1
    return LISTS.get(f"{parent.name if parent else ''}.{node.name.value}", LARGEST_PAGE)
