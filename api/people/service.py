"""Use cases on agencies and people."""

import time
from collections.abc import Mapping
from datetime import date
from uuid import UUID

from api.people import access

#: How long a process may go on with a rule that was changed meanwhile.
RULE_SECONDS = 5.0

_rules: dict[tuple[UUID, str, date], tuple[float, Mapping[str, object]]] = {}


async def rule(agency_id: UUID, topic: str, day: date) -> Mapping[str, object]:
    """Parameters of the agency's rule in force on a day; empty when it has none, so that defaults hold."""
    key = (agency_id, topic, day)
    kept = _rules.get(key)
    if kept and time.monotonic() - kept[0] < RULE_SECONDS:
        return kept[1]
    if len(_rules) > 10_000:
        _rules.clear()
    found = await access.agency_rule(agency_id, topic, day).first()
    parameters = found.parameters if found else {}
    _rules[key] = (time.monotonic(), parameters)
    return parameters


def forget_rules() -> None:
    """After a rule was changed in this process."""
    _rules.clear()
