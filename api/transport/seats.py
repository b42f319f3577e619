"""How many lasting connections one credential may hold."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from api.core.context import Actor
from api.core.errors import SignInRequired
from api.limits import exceeded

MOST_CONNECTIONS = 20


class Seats:
    def __init__(self) -> None:
        self._taken: Counter[UUID] = Counter()

    @contextmanager
    def taken(self, actor: Actor | None) -> Iterator[None]:
        """A seat for as long as the block lasts; SignInRequired for strangers, LIMIT_EXCEEDED without room."""
        if actor is None:
            raise SignInRequired
        if self._taken[actor.credential_id] >= MOST_CONNECTIONS:
            raise exceeded("connections", MOST_CONNECTIONS)
        self._taken[actor.credential_id] += 1
        try:
            yield
        finally:
            self._taken[actor.credential_id] -= 1
            if not self._taken[actor.credential_id]:
                del self._taken[actor.credential_id]
