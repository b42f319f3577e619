"""Why a face is not taken yet, as members of results."""

import strawberry

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
