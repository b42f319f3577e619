"""Whether many readers still hold what they held, asked in one statement."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Self
from uuid import UUID

import orjson

from api.accounts.access import AUTHENTICATE
from api.core import database
from api.core.policy import TABLE, Permission, Role

#: Good credentials counted by what they grant, a few rows for thousands of readers, beside where the unit lies.
COUNTED = f"""
SELECT agency_id, grants, count(*) AS n, (SELECT path FROM unit WHERE id = $3) AS path
  FROM ({AUTHENTICATE.format(who="c.id IN (SELECT unnest($1::text::uuid[]))")}) AS good GROUP BY agency_id, grants
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Credentials:
    """Different credentials, written once as PostgreSQL reads an array: for thousands that takes longer than
    the question."""

    ids: frozenset[UUID]
    text: str

    @classmethod
    def of(cls, ids: Iterable[UUID]) -> Self:
        different = frozenset(ids)
        return cls(different, f"{{{','.join(map(str, different))}}}")


async def all_hold(
    credentials: Credentials,
    agency_id: UUID,
    unit_id: UUID,
    path: str,
    permissions: frozenset[Permission],
    now: datetime,
) -> bool:
    """Whether each is good now and holds exactly these permissions on the unit, and the unit lies where it lay.
    When not, ask for the actors and see who."""
    found = await database.rows(COUNTED, credentials.text, now, unit_id)
    same = all(
        row["agency_id"] == agency_id and row["path"] == path and _held(row["grants"], path) == permissions
        for row in found
    )
    return same and sum(row["n"] for row in found) == len(credentials.ids)


@lru_cache(maxsize=1024)
def _held(grants: str | None, path: str) -> frozenset[Permission]:
    held = (TABLE[Role(role)] for role, top, _ in orjson.loads(grants or "[]") if path.startswith(top))
    return frozenset(permission for permissions in held for permission in permissions)
