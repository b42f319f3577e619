"""Why a face is not taken yet, as members of results."""

from typing import Any

import strawberry

from api.core import errors
from api.core.graphql import Problem


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
    description="The face was not recognised several times in a row, or the person does without face "
    "recognition: whoever is at the desk records the presence by hand."
)
class AskTheDesk(Problem):
    wait_seconds: int | None = strawberry.field(
        description="Seconds until the face may be tried again; null when waiting does not help."
    )

    @staticmethod
    def more(error: errors.AskTheDesk) -> dict[str, Any]:
        return {"wait_seconds": error.retry_after}
