"""What every slice's schema stands on: the request's context, expected problems, and sentences as fields."""

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, Self, TypeVar, cast

import strawberry
from strawberry.types import Info as StrawberryInfo

from api.core import errors
from api.core.context import Context
from api.core.i18n import say
from api.core.verdict import ReasonLevel

Info = StrawberryInfo[Context, None]
P = ParamSpec("P")
T = TypeVar("T")


@strawberry.interface(
    description="An expected failure: what happened and what to do next, in the reader's language."
)
class Problem:
    code: str = strawberry.field(description="Stable name of the failure, for programs.")
    message: str = strawberry.field(description="What happened, for people.")
    next_step: str | None = strawberry.field(description="What to do next.")


@strawberry.type(description="Nobody is signed in, or the session has ended.")
class SignInRequired(Problem):
    pass


@strawberry.type(description="The policy grants this to others.")
class NotAllowed(Problem):
    pass


@strawberry.type(description="There is no such thing, or none that you may know of.")
class NotFound(Problem):
    pass


@strawberry.type(description="A value cannot be used.")
class InvalidInput(Problem):
    field: str | None = strawberry.field(description="The input field that is wrong.")


@strawberry.type(description="The NIP and the password do not belong together.")
class LoginFailed(Problem):
    pass


@strawberry.type(description="Too many tries in a short time.")
class TooManyAttempts(Problem):
    retry_after_seconds: int = strawberry.field(description="Seconds to wait before the next try.")


@strawberry.type(description="The nonce was spent, has expired, or was given to somebody else.")
class NonceUnusable(Problem):
    pass


@strawberry.type(description="Biometric data need the person's consent first.")
class ConsentMissing(Problem):
    pass


@strawberry.type(description="There is no enrolled face to compare with yet.")
class NotEnrolled(Problem):
    pass


@strawberry.type(description="A photograph that the request names has not arrived.")
class UploadMissing(Problem):
    pass


@strawberry.type(
    description="The fixes are too old or ahead of the server: ask the phone again. The nonce stays good."
)
class PositionUnusable(Problem):
    pass


@strawberry.type(description="The idempotency key was used before, with another content.")
class IdempotencyConflict(Problem):
    pass


@strawberry.type(description="A person has decided already, or there is nothing to decide yet.")
class AlreadyDecided(Problem):
    pass


_BY_CODE: dict[str, type[Problem]] = {
    errors.SignInRequired.code: SignInRequired,
    errors.NotAllowed.code: NotAllowed,
    errors.NotFound.code: NotFound,
    errors.LoginFailed.code: LoginFailed,
    errors.NonceUnusable.code: NonceUnusable,
    errors.ConsentMissing.code: ConsentMissing,
    errors.NotEnrolled.code: NotEnrolled,
    errors.UploadMissing.code: UploadMissing,
    errors.PositionUnusable.code: PositionUnusable,
    errors.IdempotencyConflict.code: IdempotencyConflict,
    errors.AlreadyDecided.code: AlreadyDecided,
}


def problem(error: errors.HadirError, locale: str) -> Problem:
    """The member of a result union that tells this error."""
    sentence = say(getattr(error, "detail", error.code), locale, error.params)
    told: dict[str, Any] = {
        "code": error.code,
        "message": sentence.message,
        "next_step": sentence.next_step,
    }
    if isinstance(error, errors.InvalidInput):
        return InvalidInput(**told, field=error.field)
    if isinstance(error, errors.TooManyAttempts):
        return TooManyAttempts(**told, retry_after_seconds=error.retry_after)
    return _BY_CODE[error.code](**told)


def expected(
    *failures: type[errors.HadirError],
) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    """Answer these errors as members of the field's union; all others go on as errors of the request."""

    def wrap(resolver: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        @wraps(resolver)
        async def answer(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return await resolver(*args, **kwargs)
            except failures as error:
                context = cast(Info, kwargs["info"]).context
                return cast(T, problem(error, context.locale))

        return answer

    return wrap


ReasonLevelType = strawberry.enum(
    ReasonLevel, name="ReasonLevel", description="How much a reason weighs; the gravest decides the state."
)


@strawberry.type(description="Why a check said what it said.")
class Reason:
    code: str = strawberry.field(description="Stable name of the reason, for programs.")
    level: ReasonLevelType = strawberry.field(description="How grave it is.")  # type: ignore[valid-type]
    message: str = strawberry.field(description="The reason in the reader's language.")
    next_step: str | None = strawberry.field(description="What to do next.")

    @classmethod
    def of(cls, data: Mapping[str, Any], locale: str) -> Self:
        sentence = say(data["code"], locale, data.get("params"))
        return cls(
            code=data["code"],
            level=ReasonLevel[data["level"]],
            message=sentence.message,
            next_step=sentence.next_step,
        )
