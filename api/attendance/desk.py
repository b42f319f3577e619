"""Who is at the desk for a person: whom he asks when his face cannot or may not be compared."""

from datetime import date

from api.core import database
from api.core.context import Actor
from api.core.policy import TABLE, Permission

MOST = 5
#: Whoever holds fewer other rights first: the desk's own officer before the supervisor.
ROLES = sorted(
    (role for role, held in TABLE.items() if Permission.RECORD_PRESENCE in held),
    key=lambda role: len(TABLE[role]),
)
#: Nearest first. A role without a unit is held on the whole agency.
CONTACTS = """
SELECT e.id, e.name, e.position, u.name AS office
  FROM role_assignment r LEFT JOIN unit top ON top.id = r.unit_id
  JOIN employee e ON e.id = r.employee_id AND e.active AND e.id <> $3
  JOIN unit u ON u.id = e.unit_id
 WHERE r.agency_id = $1 AND $2 ^@ coalesce(top.path, '/') AND r.role = ANY($4)
   AND r.valid_from <= $5 AND (r.valid_until IS NULL OR r.valid_until >= $5)
 ORDER BY length(coalesce(top.path, '/')) DESC, array_position($4::text[], r.role::text), e.name, e.id LIMIT $6
"""


async def contacts(actor: Actor, today: date) -> list[database.Row]:
    """People with the right to record this actor's presence: name, position and office of each."""
    roles = [role.value for role in ROLES]
    found = await database.rows(
        CONTACTS, actor.agency_id, actor.unit_path, actor.employee_id, roles, today, 2 * MOST
    )
    return list({row["id"]: row for row in found}.values())[:MOST]
