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

    @staticmethod
    def more(error: Any) -> dict[str, Any]:
        """What a member tells beside that, from its error."""
        return {}


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

    @staticmethod
    def more(error: errors.InvalidInput) -> dict[str, Any]:
        return {"field": error.field}


@strawberry.type(description="Too many tries in a short time.")
class TooManyAttempts(Problem):
    retry_after_seconds: int = strawberry.field(description="Seconds to wait before the next try.")

    @staticmethod
    def more(error: errors.TooManyAttempts) -> dict[str, Any]:
        return {"retry_after_seconds": error.retry_after}


@strawberry.type(description="A person has decided already, or there is nothing to decide yet.")
class AlreadyDecided(Problem):
    pass


#: The slices' own are added by `tell_as`. An error without one is told as its parent is; its code stays its own.
_members: dict[type[errors.HadirError], type[Problem]] = {
    errors.SignInRequired: SignInRequired,
    errors.NotAllowed: NotAllowed,
    errors.NotFound: NotFound,
    errors.InvalidInput: InvalidInput,
    errors.TooManyAttempts: TooManyAttempts,
    errors.AlreadyDecided: AlreadyDecided,
}


def tell_as(members: Mapping[type[errors.HadirError], type[Problem]]) -> None:
    """Say which member of a result union tells an error."""
    _members.update(members)


def problem(error: errors.HadirError, locale: str) -> Problem:
    """The member of a result union that tells this error."""
    sentence = say(getattr(error, "detail", error.code), locale, error.params)
    member = next(_members[kind] for kind in type(error).__mro__ if kind in _members)
    return member(
        code=error.code,
        message=sentence.message,
        next_step=sentence.next_step,
        **member.more(error),
    )


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
