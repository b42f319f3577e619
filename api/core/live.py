"""placeholder"""

from collections.abc import AsyncIterator
from uuid import UUID

from api.core.context import Context


async def changes(
    context: Context, topic: str, *, path: str | None = None, subject_id: UUID | None = None
) -> AsyncIterator[frozenset[UUID] | None]:
    yield None
