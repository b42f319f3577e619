"""Connections as the Relay specification draws them: forward pages by an opaque cursor.

Pages go on from a key, not from an offset, so that a list that changes while it is read neither repeats nor
skips, and page one thousand costs what page one costs.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
import strawberry

from api.core.errors import InvalidInput

T = TypeVar("T")
R = TypeVar("R")

LARGEST_PAGE = 100


#: From a row to what a page goes on from.
Key = Callable[[Any], Sequence[object]]


def _start(self: "PageInfo") -> str | None:
    return write_cursor(self.key(self.rows[0])) if self.rows else None


def _end(self: "PageInfo") -> str | None:
    return write_cursor(self.key(self.rows[-1])) if self.rows else None


def _cursor(self: "Edge[Any]") -> str:
    return write_cursor(self.key(self.row))


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follow after `endCursor`.")
    has_previous_page: bool = strawberry.field(description="Whether this page was asked for with `after`.")
    start_cursor: str | None = strawberry.field(resolver=_start, description="Cursor of the first edge.")
    end_cursor: str | None = strawberry.field(
        resolver=_end, description="Cursor of the last edge; give it as `after`."
    )
    rows: strawberry.Private[Sequence[Any]]
    key: strawberry.Private[Key]


@strawberry.type(description="One row of a list with its cursor.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(
        resolver=_cursor, description="Opaque; give it as `after` to go on from here."
    )
    node: T = strawberry.field(description="The row itself.")
    row: strawberry.Private[Any]
    key: strawberry.Private[Key]


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The rows of this page, at most 100.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="How many rows the whole list has. Counted only where it is asked for.")
    async def total_count(self) -> int:
        return await self.count()


def page_size(first: int) -> int:
    if not 1 <= first <= LARGEST_PAGE:
        raise InvalidInput("first", "COUNT_RANGE", least=1, most=LARGEST_PAGE)
    return first


def read_cursor(after: str | None, length: int) -> list[object] | None:
    """The key in a cursor: a list of `length` JSON values; InvalidInput for what we did not make."""
    if after is None:
        return None
    try:
        key = orjson.loads(base64.urlsafe_b64decode(after.encode()))
    except (binascii.Error, ValueError):
        key = None
    if not isinstance(key, list) or len(key) != length or "\0" in "".join(map(str, key)):
        raise InvalidInput("after", "CURSOR_UNREADABLE")
    return key


def as_uuid(value: object, field: str) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise InvalidInput(field, "CURSOR_UNREADABLE") from None


def as_number(value: object, field: str) -> int:
    if not isinstance(value, int) or not 0 <= value < 2**63:
        raise InvalidInput(field, "CURSOR_UNREADABLE")
    return value


def write_cursor(key: Sequence[object]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(key), default=str)).decode()


def connect(
    found: Sequence[R],
    *,
    first: int,
    after: str | None,
    total: Callable[[], Awaitable[int]],
    node: Callable[[R], T],
    key: Callable[[R], Sequence[object]],
) -> Connection[T]:
    """A page out of `first + 1` rows at most: the one too many only tells that there are more."""
    rows = found[:first]
    return Connection(
        edges=[Edge(node=node(row), row=row, key=key) for row in rows],
        count=total,
        page_info=PageInfo(
            has_next_page=len(found) > first, has_previous_page=after is not None, rows=rows, key=key
        ),
    )
