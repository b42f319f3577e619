"""Every row of a database, and whose it is: to see that something changed nothing."""

import json
from typing import Any

from tortoise import Tortoise

from api.core import database
from tests.world import World

Rows = dict[tuple[str, str], dict[str, Any]]


async def dump() -> Rows:
    """(table, id) → the row."""
    tables = sorted(model._meta.db_table for model in Tortoise.apps["models"].values())
    sql = " UNION ALL ".join(
        f"SELECT '{table}' AS name, to_jsonb(r)::text AS row FROM {table} r" for table in tables
    )
    found = [(row["name"], json.loads(row["row"])) for row in await database.rows(sql)]
    return {(name, row["id"]): row for name, row in found}


def without(rows: Rows, world: World, key: str | None) -> Rows:
    """All but those of one person: his own may change, whatever he tries."""
    if key is None:
        return rows
    own = {str(world[key].employee_id), str(world[key].account_id)}
    mine = {number for (_, number), row in rows.items() if _owner(row) in own}
    return {
        name: row
        for name, row in rows.items()
        if name[1] not in mine
        and row.get("enrolment_id") not in mine
        and row.get("subject_id") not in mine | own
        and name[1] not in own
    }


def _owner(row: dict[str, Any]) -> str:
    return str(row.get("employee_id") or row.get("account_id") or row.get("actor_id"))
