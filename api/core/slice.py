"""What a slice adds to the whole, said in one place: its `slice.py` holds one `SLICE`, and `api/slices.py` its name.

Models and sentences are found where they lie: `api/<slice>/models.py` and `api/<slice>/locale/`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from api.core.context import Actor, Context
from api.core.errors import HadirError
from api.core.graphql import Problem
from api.core.loaders import LoadMany
from api.core.policy import Permission
from api.core.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Source:
    """A subscription on a unit: its signals' topic, the right to watch, and the reading of one event."""

    topic: str
    permission: Permission
    read: Callable[[Context, UUID, frozenset[UUID] | None], Awaitable[object]]


#: From what follows a photograph's kind in its name to the object and whose it is, by the rights the viewer has
#: now. NotFound, ValueError or IndexError for a name of nothing that he may see.
Look = Callable[[Actor, str], Awaitable[tuple[str, UUID]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    #: Types whose fields are fields of the schema's roots.
    queries: tuple[type, ...] = ()
    mutations: tuple[type, ...] = ()
    subscriptions: tuple[type, ...] = ()
    #: Expected error → the member of result unions that tells it.
    refusals: Mapping[type[HadirError], type[Problem]] = field(default_factory=dict)
    #: Field that takes a `unitId` and is watched by many → how an event is read once for all of them.
    sources: Mapping[str, Source] = field(default_factory=dict)
    #: Type → those of its fields that answer the same to all who hold the same permissions on the unit watched.
    shareable: Mapping[str, str] = field(default_factory=dict)
    #: `Type.field` of a list without `first` → how many rows it can have.
    lists: Mapping[str, int] = field(default_factory=dict)
    #: Argument → what it means, wherever it stands.
    arguments: Mapping[str, str] = field(default_factory=dict)
    #: `Enum.VALUE` → what it means.
    values: Mapping[str, str] = field(default_factory=dict)
    #: First part of a photograph's name → what lies behind the rest.
    photographs: Mapping[str, Look] = field(default_factory=dict)
    #: Folders of the store, whose objects are sealed anew with a new key.
    folders: tuple[str, ...] = ()
    #: Rows that hold something sealed: seal it under the newest key; how many there were.
    reseal: tuple[Callable[[Runtime], Awaitable[int]], ...] = ()
    #: Name → function that answers many keys at once.
    loaders: Mapping[str, LoadMany] = field(default_factory=dict)
