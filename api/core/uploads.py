"""An upload's address as the API shows it."""

from datetime import datetime
from typing import Self

import strawberry

from api.core import storage


@strawberry.type(description="A header to send with an upload.")
class Header:
    name: str = strawberry.field(description="Its name.")
    value: str = strawberry.field(description="Its value.")


@strawberry.type(description="Where one photograph goes, once, as raw JPEG bytes.")
class UploadTarget:
    key: str = strawberry.field(description="Name it by this afterwards.")
    url: str = strawberry.field(description="Signed, short-lived address.")
    method: str = strawberry.field(description="HTTP method to use.")
    headers: list[Header] = strawberry.field(description="Headers to send.")
    max_bytes: int = strawberry.field(description="Largest size taken.")
    expires_at: datetime = strawberry.field(description="Until when the address holds.")

    @classmethod
    def of(cls, target: storage.UploadTarget, max_bytes: int) -> Self:
        return cls(
            key=target.key,
            url=target.url,
            method=target.method,
            headers=[Header(name=name, value=value) for name, value in target.headers.items()],
            max_bytes=max_bytes,
            expires_at=target.expires_at,
        )
