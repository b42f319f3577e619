"""Why a check-in or a decision is not taken, as members of results."""

import strawberry

from api.core.graphql import Problem


@strawberry.type(description="The nonce was spent, has expired, or was given to somebody else.")
class NonceUnusable(Problem):
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
