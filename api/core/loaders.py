"""Fetching for many rows what each of them asks for one by one.

A slice names its batch functions; a field of a lower slice may ask for one by its name, so that the lower one need
not import the higher.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from strawberry.dataloader import DataLoader

if TYPE_CHECKING:
    from api.core.context import Context

LoadMany = Callable[["Context", list[Any]], Awaitable[list[Any]]]

_registered: dict[str, LoadMany] = {}


def load_by(functions: Mapping[str, LoadMany]) -> None:
    """Say who answers which name. Each answers a list of keys with a list of values in the same order."""
    _registered.update(functions)


async def load(context: "Context", name: str, key: Hashable) -> Any:
    """One value; all that are asked for in the same tick are fetched together."""
    loader = context.cache.get(name)
    if not isinstance(loader, DataLoader):
        loader = DataLoader(load_fn=partial(_registered[name], context))
        context.cache[name] = loader
    return await loader.load(key)
