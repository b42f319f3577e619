"""A password for somebody who has lost his, or has none yet."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from api.accounts.models import Account, Credential
from api.accounts.passwords import hash_password
from api.audit import service as audit
from api.core import database
from api.core.context import Actor, Context
from api.core.errors import NotAllowed, NotFound
from api.core.policy import Grant, Permission, Role, may_give_password
from api.core.subtree import WHOLE_AGENCY, lies_in
from api.people import access as people
from api.people.time import today_in

#: Without 0, 1, i, l, o, u: told by telephone and typed without doubt. 12 of them are 58 bits.
LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
GROUPS, GROUP = 3, 4
#: Long enough for a weekend; then another one is needed.
LIFETIME = timedelta(days=3)
RESETS_PER_ACTOR = "60/hour"


async def reset_password(context: Context, employee_id: UUID) -> tuple[str, datetime]:
    """A one-time password, told to nobody again, and until when it opens. Every session and token of that person
    ends; somebody without an account gets one."""
    actor, now = context.actor, context.clock()
    person = await people.employee(actor, employee_id)
    if actor.owns(person.id) or not actor.may(Permission.MANAGE_ACCOUNTS, person.unit.path):
        raise NotAllowed
    if not may_give_password(actor.grants, await grants_of(actor, person.id, now)):
        raise NotAllowed
    if not person.active:
        raise NotFound
    await context.runtime.attempts.spend(RESETS_PER_ACTOR, "reset", str(actor.employee_id))
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))
    digest, expires_at = await hash_password(password), now + LIFETIME
    async with database.transaction() as using:
        account, _ = await Account.get_or_create(
            employee_id=person.id,
            defaults={"agency_id": actor.agency_id, "password_hash": digest},
            using_db=using,
        )
        await (
            Account.filter(id=account.id)
            .using_db(using)
            .update(password_hash=digest, password_expires_at=expires_at)
        )
        standing = Credential.filter(account_id=account.id, ended_at__isnull=True)
        await standing.using_db(using).update(ended_at=now)
        await audit.note(actor, "account.password_reset", subject_id=person.id, using=using)
    return password, expires_at


async def grants_of(actor: Actor, employee_id: UUID, now: datetime) -> tuple[Grant, ...]:
    """What a person holds, or will hold, in the actor's agency."""
    found = await database.rows(
        "SELECT r.role, coalesce(u.path, $4) AS path FROM role_assignment r LEFT JOIN unit u ON u.id = r.unit_id "
        "WHERE r.agency_id = $1 AND r.employee_id = $2 AND (r.valid_until IS NULL OR r.valid_until >= $3)",
        actor.agency_id,
        employee_id,
        today_in(actor.time_zone, now),
        WHOLE_AGENCY,
    )
    return tuple(Grant(Role(row["role"]), row["path"]) for row in found)


async def roles_seen(actor: Actor, employee_ids: list[UUID], now: datetime) -> dict[UUID, list[Role]]:
    """Employee → roles in force today, of those whose accounts the actor manages, and his own."""
    found = await database.rows(
        "SELECT r.employee_id, r.role, u.path FROM role_assignment r "
        "JOIN employee e ON e.id = r.employee_id JOIN unit u ON u.id = e.unit_id "
        "WHERE r.agency_id = $1 AND r.employee_id = ANY($2) "
        "  AND r.valid_from <= $3 AND (r.valid_until IS NULL OR r.valid_until >= $3) ORDER BY r.role",
        actor.agency_id,
        employee_ids,
        today_in(actor.time_zone, now),
    )
    managed = actor.reach(Permission.MANAGE_ACCOUNTS)
    seen: dict[UUID, list[Role]] = {}
    for row in found:
        mine = actor.owns(row["employee_id"])
        if mine or any(lies_in(row["path"], top) for top in managed):
            seen.setdefault(row["employee_id"], []).append(Role(row["role"]))
    return seen
