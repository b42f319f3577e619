"""Passwords and roles of others, as the API shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.core import errors
from api.core.context import Context
from api.core.graphql import Info, NotAllowed, NotFound, TooManyAttempts, expected
from api.core.policy import Role
from api.personnel import service


@strawberry.type(
    description="A password for one login, at which a new one is chosen. All sessions and tokens have ended."
)
class PasswordReset:
    password: str = strawberry.field(description="Shown this once: hand it over in person.")
    expires_at: datetime = strawberry.field(description="Until when it opens.")


ResetPasswordResult = Annotated[
    PasswordReset | NotAllowed | NotFound | TooManyAttempts, strawberry.union("ResetPasswordResult")
]


@strawberry.type
class PersonnelMutation:
    @strawberry.mutation(
        description="Give somebody of your units a one-time password; never yourself, nor whoever holds a higher "
        "role or one elsewhere."
    )
    @expected(errors.NotAllowed, errors.NotFound, errors.TooManyAttempts)
    async def reset_password(self, info: Info, employee_id: UUID) -> ResetPasswordResult:
        password, expires_at = await service.reset_password(info.context, employee_id)
        return PasswordReset(password=password, expires_at=expires_at)


async def roles_of(context: Context, employee_ids: list[UUID]) -> list[list[Role]]:
    found = await service.roles_seen(context.actor, employee_ids, context.clock())
    return [found.get(key, []) for key in employee_ids]
