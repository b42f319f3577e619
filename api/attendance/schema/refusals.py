"""Why a check-in or a decision is not taken, as members of results."""

import strawberry

from api.core.graphql import Problem


@strawberry.type(
    description="NONCE_SPENT, NONCE_EXPIRED, or NONCE_UNUSABLE where it was given to nobody, or somebody else."
)
class NonceUnusable(Problem):
    pass


@strawberry.type(
    description="The frames are no burst taken now: CAPTURE_MISSING, CAPTURE_UNORDERED, CAPTURE_AHEAD, "
    "CAPTURE_EARLY, CAPTURE_TOO_LONG or FRAME_TWICE. The nonce stays good."
)
class CaptureUnusable(Problem):
    pass


@strawberry.type(
    description="The fixes are too old or ahead of the server: ask the phone again. The nonce stays good."
)
class PositionUnusable(Problem):
    pass


@strawberry.type(description="The idempotency key was used before, with another content.")
class IdempotencyConflict(Problem):
    pass
