"""Whether many readers still hold what they held, asked in one statement."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from api.accounts.access import AUTHENTICATE, grants_of
from api.core import database
from api.core.policy import held
from api.transport.sharing import Scope, told_apart_by

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


async def all_hold(credentials: Credentials, scope: Scope, now: datetime) -> bool:
    """Whether each is good now and holds exactly the scope's permissions, and the unit lies where it lay. When
    not, ask for the actors and see who."""
    found = await database.rows(COUNTED, credentials.text, now, scope.unit_id)
    same = all(
        row["agency_id"] == scope.agency_id
        and row["path"] == scope.path
        and told_apart_by(held(grants_of(row["grants"]), scope.path)) == scope.permissions
        for row in found
    )
    return same and sum(row["n"] for row in found) == len(credentials.ids)


async def path_of(unit_id: UUID) -> str | None:
    """Where a unit lies now; None when there is none any more."""
    found = await database.rows("SELECT path FROM unit WHERE id = $1", unit_id)
    return found[0]["path"] if found else None
