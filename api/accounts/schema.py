"""Signing in and out, sessions and tokens, as the API shows them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

import strawberry

from api.accounts import access, service
from api.accounts.models import Credential
from api.accounts.refusals import LoginFailed, PasswordMustChange
from api.core import errors
from api.core.graphql import Info, InvalidInput, NotFound, TooManyAttempts, expected


@strawberry.type(description="A login that is still good.")
class Session:
    id: UUID = strawberry.field(description="Identifier, to end it by.")
    created_at: datetime = strawberry.field(description="When it began.")
    last_seen_at: datetime | None = strawberry.field(description="Its last use, to within five minutes.")
    expires_at: datetime = strawberry.field(description="When it ends by itself.")
    device: str = strawberry.field(description="What it was opened with, as the device said.")
    current: bool = strawberry.field(description="Whether this request came by it.")

    @classmethod
    def of(cls, row: Credential, current: UUID) -> Self:
        return cls(
            id=row.id,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            device=row.device,
            current=row.id == current,
        )


@strawberry.type(description="A token for programs, with the rights of the person who made it.")
class ApiToken:
    id: UUID = strawberry.field(description="Identifier, to revoke it by.")
    name: str = strawberry.field(description="What it was made for.")
    created_at: datetime = strawberry.field(description="When it was made.")
    last_used_at: datetime | None = strawberry.field(description="Its last use, to within five minutes.")
    expires_at: datetime = strawberry.field(description="When it ends by itself.")

    @classmethod
    def of(cls, row: Credential) -> Self:
        return cls(
            id=row.id,
            name=row.token_name,
            created_at=row.created_at,
            last_used_at=row.last_seen_at,
            expires_at=row.expires_at,
        )


@strawberry.input(description="What one signs in with.")
class LoginInput:
    nip: str = strawberry.field(description="The civil servant's number; spaces do not matter.")
    password: str = strawberry.field(description="The password.")
    new_password: str = strawberry.field(
        default="", description="In place of a one-time password, 10 to 200 characters; else left out."
    )
    device: str = strawberry.field(
        default="", description="A name for this device, shown in the list of sessions."
    )


@strawberry.type(description="Signed in. The token is shown this once.")
class LoginDone:
    token: str = strawberry.field(description="Send it as `Authorization: Bearer …`.")
    expires_at: datetime = strawberry.field(description="When a new login is needed.")


@strawberry.type(description="A new token. It is shown this once.")
class ApiTokenCreated:
    token: str = strawberry.field(description="Send it as `Authorization: Bearer …`.")
    api_token: ApiToken = strawberry.field(description="What is kept of it.")


@strawberry.type(description="The new password holds; all your other sessions have ended.")
class PasswordChanged:
    at: datetime = strawberry.field(description="Since when.")


@strawberry.type(description="The session is over.")
class SessionEnded:
    id: UUID = strawberry.field(description="Which one.")


@strawberry.type(description="The token is no longer accepted.")
class TokenRevoked:
    id: UUID = strawberry.field(description="Which one.")


LoginResult = Annotated[
    LoginDone | LoginFailed | PasswordMustChange | TooManyAttempts | InvalidInput,
    strawberry.union("LoginResult"),
]
CreateApiTokenResult = Annotated[ApiTokenCreated | InvalidInput, strawberry.union("CreateApiTokenResult")]
ChangePasswordResult = Annotated[
    PasswordChanged | LoginFailed | TooManyAttempts | InvalidInput, strawberry.union("ChangePasswordResult")
]
EndSessionResult = Annotated[SessionEnded | NotFound, strawberry.union("EndSessionResult")]
RevokeApiTokenResult = Annotated[TokenRevoked | NotFound, strawberry.union("RevokeApiTokenResult")]


@strawberry.type
class AccountsMutation:
    @strawberry.mutation(description="Sign in. Five tries a minute for an account.")
    @expected(errors.LoginFailed, errors.PasswordMustChange, errors.TooManyAttempts, errors.InvalidInput)
    async def login(self, info: Info, input: LoginInput) -> LoginResult:
        token, row = await service.login(
            info.context, input.nip, input.password, input.device, input.new_password
        )
        return LoginDone(token=token, expires_at=row.expires_at)

    @strawberry.mutation(description="End the session or token that this request came by.")
    async def logout(self, info: Info) -> bool:
        await service.end(info.context, info.context.actor.credential_id)
        return True

    @strawberry.mutation(description="Change your password, 10 to 200 characters. Your other sessions end.")
    @expected(errors.LoginFailed, errors.TooManyAttempts, errors.InvalidInput)
    async def change_password(self, info: Info, current: str, new: str) -> ChangePasswordResult:
        await service.change_password(info.context, current, new)
        return PasswordChanged(at=info.context.clock())

    @strawberry.mutation(description="End one of your sessions.")
    @expected(errors.NotFound)
    async def end_session(self, info: Info, id: UUID) -> EndSessionResult:
        await service.end(info.context, id)
        return SessionEnded(id=id)

    @strawberry.mutation(description="Make a token for a program; 1 to 365 days, at most 20 at a time.")
    @expected(errors.InvalidInput)
    async def create_api_token(self, info: Info, name: str, days: int = 90) -> CreateApiTokenResult:
        token, row = await service.create_token(info.context, name, days)
        return ApiTokenCreated(token=token, api_token=ApiToken.of(row))

    @strawberry.mutation(description="Revoke one of your tokens.")
    @expected(errors.NotFound)
    async def revoke_api_token(self, info: Info, id: UUID) -> RevokeApiTokenResult:
        await service.end(info.context, id)
        return TokenRevoked(id=id)


async def sessions(info: Info) -> list[Session]:
    own = access.own_credentials(info.context.actor, info.context.clock())
    current = info.context.actor.credential_id
    return [Session.of(row, current) for row in await own.filter(token_name="").limit(50)]


async def api_tokens(info: Info) -> list[ApiToken]:
    own = access.own_credentials(info.context.actor, info.context.clock())
    return [ApiToken.of(row) for row in await own.exclude(token_name="").limit(50)]
