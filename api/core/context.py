"""Who asks: the actor, and the request around him."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from api.core.clock import Clock, utc_now
from api.core.errors import NotAllowed, SignInRequired
from api.core.policy import TABLE, Grant, Permission, held
from api.core.runtime import Runtime
from api.core.subtree import WHOLE_AGENCY


@dataclass(frozen=True, slots=True)
class Actor:
    """A person whose session or token was valid when the request came in."""

    account_id: UUID
    employee_id: UUID
    agency_id: UUID
    unit_id: UUID
    unit_path: str
    time_zone: str
    grants: tuple[Grant, ...]
    credential_id: UUID
    expires_at: datetime | None

    def reach(self, permission: Permission) -> tuple[str, ...]:
        """Paths of the subtrees on which the permission is held; empty when it is not held at all."""
        return tuple(sorted({grant.path for grant in self.grants if permission in TABLE[grant.role]}))

    def may(self, permission: Permission, path: str) -> bool:
        return permission in self.held_on(path)

    def held_on(self, path: str) -> frozenset[Permission]:
        return held(self.grants, path)

    def require(self, permission: Permission, path: str = WHOLE_AGENCY) -> None:
        if not self.may(permission, path):
            raise NotAllowed

    def owns(self, employee_id: UUID) -> bool:
        return employee_id == self.employee_id

    @property
    def permissions(self) -> tuple[Permission, ...]:
        held: Iterable[Permission] = {p for grant in self.grants for p in TABLE[grant.role]}
        return tuple(sorted(held))


@dataclass(slots=True)
class Context:
    """What a resolver may know of the request. Lives as long as one operation, never as long as a connection."""

    runtime: Runtime
    actor_or_none: Actor | None
    locale: str
    address: str = ""
    user_agent: str = ""
    clock: Clock = utc_now
    cache: dict[object, object] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        if self.actor_or_none is None:
            raise SignInRequired
        return self.actor_or_none
