"""Queries made from the schema: every field that can be reached, within what one request may ask for."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from api import limits
from api.limits import DEEPEST
from api.schema import printed

#: Rows asked for of a root list: more than any actor sees in the world, but for the costliest list.
PAGES = (50, 10)

#: One leaf: field names from the root on, `... on Type` among them.
Path = tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """One operation on one root field, and the `Type.field` coordinates that it selects."""

    text: str
    coordinates: frozenset[str]


@cache
def public_schema() -> GraphQLSchema:
    return build_schema(printed())


def root(operation: str) -> GraphQLObjectType:
    found = getattr(public_schema(), f"{operation}_type")
    assert isinstance(found, GraphQLObjectType)
    return found


def reachable() -> set[str]:
    """Every coordinate that some operation can select; interfaces are reached through what implements them."""
    return {
        f"{name}.{field}"
        for name, found in public_schema().type_map.items()
        if isinstance(found, GraphQLObjectType) and not name.startswith("__")
        for field in found.fields
    }


@cache
def documents(operation: str, name: str, given: tuple[str, ...] = ()) -> tuple[Document, ...]:
    """All of a root field, in as many operations as the limits make necessary. `given` are the arguments to
    fill by variables; `first` is filled with a page's size. What no request may ask for is left out."""
    return _documents(operation, name, given, narrow=False)


@cache
def narrow(operation: str, name: str, given: tuple[str, ...] = ()) -> Document:
    """Only what a row says of itself: enough to see which rows there are."""
    [document] = _documents(operation, name, given, narrow=True)
    return document


def _documents(operation: str, name: str, given: tuple[str, ...], narrow: bool) -> tuple[Document, ...]:
    field = root(operation).fields[name]
    coordinate = f"{root(operation).name}.{name}"
    known = dict(_leaves(field, frozenset({coordinate}), DEEPEST - 1))
    if narrow:
        known = {path: found for path, found in known.items() if len(path) <= (3 if "edges" in path else 1)}
    for page in PAGES:
        head = _head(operation, name, field, given, page)
        within = [path for path in known if _fits(_written(head, [path]))]
        if len(within) == len(known):
            break
    return tuple(
        Document(text, frozenset({coordinate}).union(*(known[path] for path in part)))
        for text, part in _packed(head, within)
    )


def _head(
    operation: str, name: str, field: GraphQLField, given: tuple[str, ...], page: int
) -> tuple[str, str]:
    variables = ", ".join(f"${arg}: {field.args[arg].type}" for arg in given)
    filled = [f"{arg}: ${arg}" for arg in given] + [f"first: {page}"] * ("first" in field.args)
    return operation + _bracketed(variables), name + _bracketed(", ".join(filled))


def _leaves(field: GraphQLField, seen: frozenset[str], depth: int) -> Iterator[tuple[Path, frozenset[str]]]:
    """Paths below a field with the coordinates on them. No coordinate stands twice on a path."""
    below = get_named_type(field.type)
    if is_leaf_type(below):
        yield (), frozenset()
        return
    yield ("__typename",), frozenset()
    members = below.types if isinstance(below, GraphQLUnionType) else (below,)
    for member in members:
        prefix = (f"... on {member.name}",) if isinstance(below, GraphQLUnionType) else ()
        for path, coordinates in _fields(member, seen, depth):
            yield (*prefix, *path), coordinates


def _fields(
    owner: GraphQLObjectType | GraphQLInterfaceType, seen: frozenset[str], depth: int
) -> Iterator[tuple[Path, frozenset[str]]]:
    for name, field in owner.fields.items():
        coordinate = f"{owner.name}.{name}"
        if coordinate in seen or depth == 0:
            continue
        for path, coordinates in _leaves(field, seen | {coordinate}, depth - 1):
            yield (_called(name, field), *path), coordinates | {coordinate}


def _called(name: str, field: GraphQLField) -> str:
    """A nested field with its required arguments; a kind of argument that cannot be filled fails the build."""
    filled = []
    for argument, definition in field.args.items():
        if is_required_argument(definition):
            wanted = get_named_type(definition.type)
            assert isinstance(wanted, GraphQLEnumType), f"nothing to fill {name}({argument}) with"
            filled.append(f"{argument}: {next(iter(wanted.values))}")
    return name + _bracketed(", ".join(filled))


def _packed(head: tuple[str, str], paths: list[Path]) -> Iterator[tuple[str, list[Path]]]:
    text = _written(head, paths)
    if _fits(text):
        yield text, paths
        return
    middle = len(paths) // 2
    yield from _packed(head, paths[:middle])
    yield from _packed(head, paths[middle:])


def _written(head: tuple[str, str], paths: list[Path]) -> str:
    return f"{head[0]} {{ {head[1]} {_rendered(paths)} }}"


def _bracketed(text: str) -> str:
    return f"({text})" if text else ""


def _rendered(paths: list[Path]) -> str:
    """A selection set; empty for a leaf."""
    below: dict[str, list[Path]] = {}
    for path in paths:
        if path:
            below.setdefault(path[0], []).append(path[1:])
    return f"{{ {' '.join(f'{name} {_rendered(rest)}' for name, rest in below.items())} }}" if below else ""


def _fits(text: str) -> bool:
    """Asked of the product: an operation that it would refuse all the same fails the test that sends it."""
    try:
        limits.read(public_schema(), text)
    except GraphQLError:
        return False
    return True
