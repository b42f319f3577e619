"""The server's clock, the only one that counts. Tests move it; phones cannot."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def __call__(self) -> datetime: ...


def utc_now() -> datetime:
    """An aware instant in UTC: a naive one would be taken for UTC by the database and be wrong by hours."""
    return datetime.now(UTC)
