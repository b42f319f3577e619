"""Use cases on agencies and people."""

import time
from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from api.core import database
from api.people import access
from api.people.models import RuleTopic

#: How long a process may go on with a rule that was changed meanwhile.
RULE_SECONDS = 5.0

_rules: dict[tuple[UUID, RuleTopic, date], tuple[float, Mapping[str, object]]] = {}


async def rule(
    agency_id: UUID, topic: RuleTopic, day: date, using: BaseDBAsyncClient | None = None
) -> Mapping[str, object]:
    """Parameters of the agency's rule in force on a day; empty when it has none, so that defaults hold.

    `using` is the transaction's connection where there is one: a second, asked of the pool meanwhile, may be one
    that all the others wait for as well.
    """
    key = (agency_id, topic, day)
    kept = _rules.get(key)
    if kept and time.monotonic() - kept[0] < RULE_SECONDS:
        return kept[1]
    if len(_rules) > 10_000:
        _rules.clear()
    found = await access.agency_rule(agency_id, topic, day).using_db(using).first()
    parameters = found.parameters if found else {}
    _rules[key] = (time.monotonic(), parameters)
    return parameters


async def day_after_all(agency_id: UUID, now: datetime) -> date:
    """The first day that none of the agency's units has begun, by their own clocks."""
    found = await database.rows(
        "SELECT max(($2::timestamptz AT TIME ZONE time_zone)::date) + 1 AS day FROM unit WHERE agency_id = $1",
        agency_id,
        now,
    )
    day: date = found[0]["day"]
    return day


def forget_rules() -> None:
    """After a rule was changed in this process."""
    _rules.clear()
