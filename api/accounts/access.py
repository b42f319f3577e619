"""From a bearer token to the person it stands for, and a person's own credentials."""

import hashlib
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import orjson
from tortoise.queryset import QuerySet

from api.accounts.models import Credential
from api.core import database
from api.core.context import Actor
from api.core.policy import Grant, Role

#: One statement a request: the credential, the person, and every role in force today.
AUTHENTICATE = """
SELECT c.id AS credential_id, c.expires_at, c.last_seen_at, a.id AS account_id, e.id AS employee_id,
       e.agency_id, e.unit_id, u.path AS unit_path, u.time_zone,
       (SELECT json_agg(json_build_array(r.role, coalesce(ru.path, '/'), r.unit_id))
          FROM role_assignment r LEFT JOIN unit ru ON ru.id = r.unit_id
         WHERE r.employee_id = e.id AND r.valid_from <= ($2 AT TIME ZONE u.time_zone)::date
           AND (r.valid_until IS NULL OR r.valid_until >= ($2 AT TIME ZONE u.time_zone)::date))::text AS grants
  FROM credential c
  JOIN account a ON a.id = c.account_id
  JOIN employee e ON e.id = a.employee_id AND e.active
  JOIN unit u ON u.id = e.unit_id
 WHERE {who} AND c.ended_at IS NULL AND c.expires_at > $2
"""
BY_DIGEST = AUTHENTICATE.format(who="c.digest = $1")
BY_ID = AUTHENTICATE.format(who="c.id = ANY($1)")


def digest_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def actor_by_token(token: str, now: datetime) -> tuple[Actor, datetime | None] | None:
    """The actor and when the credential was last seen; None for a token that is unknown, ended or out of time."""
    found = await database.rows(BY_DIGEST, digest_of(token), now)
    return (_actor(found[0]), found[0]["last_seen_at"]) if found else None


async def actors_by_credential(credential_ids: list[UUID], now: datetime) -> dict[UUID, Actor]:
    """Those of many credentials that are good now, in one statement: live pages ask before every message."""
    found = await database.rows(BY_ID, credential_ids, now)
    return {row["credential_id"]: _actor(row) for row in found}


def own_credentials(actor: Actor, now: datetime) -> QuerySet[Credential]:
    return Credential.filter(
        agency_id=actor.agency_id, account_id=actor.account_id, ended_at__isnull=True, expires_at__gt=now
    ).order_by("-created_at")


@lru_cache(maxsize=1024)
def grants_of(written: str | None) -> tuple[Grant, ...]:
    """The grants that `AUTHENTICATE` tells, read once for all who hold the same."""
    return tuple(
        Grant(Role(role), path, UUID(unit_id) if unit_id else None)
        for role, path, unit_id in orjson.loads(written or "[]")
    )


def _actor(row: database.Row) -> Actor:
    return Actor(
        account_id=row["account_id"],
        employee_id=row["employee_id"],
        agency_id=row["agency_id"],
        unit_id=row["unit_id"],
        unit_path=row["unit_path"],
        time_zone=row["time_zone"],
        grants=grants_of(row["grants"]),
        credential_id=row["credential_id"],
        expires_at=row["expires_at"],
    )
