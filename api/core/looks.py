"""Photographs as the API shows them: by an address, for one viewer, for minutes."""

from datetime import datetime, timedelta
from typing import Self

import strawberry

from api.core.context import Context
from api.core.storage import ENLARGED

LOOK_LIFETIME = timedelta(minutes=5)


@strawberry.type(
    description="A photograph, shown with the viewer's name and the time in it. The addresses hold for minutes, "
    "for one viewer; each look is logged."
)
class Photo:
    url: str = strawberry.field(description="Signed address of a small JPEG, at most 320 pixels a side.")
    large_url: str = strawberry.field(description="Signed address of a larger one; a look of its own.")
    expires_at: datetime = strawberry.field(description="Until when it holds.")

    @classmethod
    def of(cls, context: Context, name: str) -> Self:
        expires_at = context.clock() + LOOK_LIFETIME
        viewer = str(context.actor.credential_id)
        url, large_url = (
            context.runtime.storage.look_url(each, viewer, expires_at) for each in (name, ENLARGED + name)
        )
        return cls(url=url, large_url=large_url, expires_at=expires_at)
