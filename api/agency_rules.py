"""The rules that an agency may set otherwise than the program does: what each topic takes, and writing one."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import orjson

from api.attendance.challenge import ChallengePolicy
from api.attendance.retention import RetentionPeriods
from api.attendance.rules import DeskRule, WorkingHours
from api.biometrics.moves import MoveThresholds
from api.biometrics.rules import FaceThresholds, VouchingRule
from api.people import service as people
from api.people.models import Agency, AgencyRule, RuleTopic
from api.sites.rules import PositionThresholds

#: Topic → what reads its parameters, raising ValueError with what is wrong with them.
PARSERS: Mapping[RuleTopic, Callable[[Mapping[str, Any]], object]] = {
    RuleTopic.FACE: FaceThresholds.from_mapping,
    RuleTopic.POSITION: PositionThresholds.from_mapping,
    RuleTopic.VOUCHING: VouchingRule.from_mapping,
    RuleTopic.WORKING_HOURS: WorkingHours.from_mapping,
    RuleTopic.RETENTION: RetentionPeriods.from_mapping,
    RuleTopic.DESK: DeskRule.from_mapping,
    RuleTopic.MOVES: MoveThresholds.from_mapping,
    RuleTopic.CHALLENGE: ChallengePolicy.from_mapping,
}


class RuleRefused(Exception):
    """A sentence that names what cannot be used."""


def read(text: str) -> object:
    """Parameters from JSON. Raises RuleRefused where it is none."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise RuleRefused(f"This is no JSON: {error}.") from None


async def agency_named(short_name: str) -> Agency:
    found = await Agency.get_or_none(short_name=short_name)
    if found is None:
        raise RuleRefused(f"{short_name}: no agency has this short name.")
    return found


async def write(
    agency: Agency,
    topic: str,
    parameters: object,
    valid_from: date,
    valid_until: date | None = None,
    source: str = "",
) -> AgencyRule:
    """In force from a day until a day, both included; a later start wins over an earlier one. Check-ins that are
    settled already keep the rule that judged them. Raises RuleRefused, and nothing was written."""
    known = _topic(topic)
    if not isinstance(parameters, Mapping):
        raise RuleRefused(f"{topic}: parameters are names with values, not {parameters!r}.")
    try:
        PARSERS[known](parameters)
    except (ValueError, TypeError, AttributeError) as error:
        raise RuleRefused(f"{topic}: {error}.") from None
    if valid_until is not None and valid_until < valid_from:
        raise RuleRefused(f"{topic}: it would end on {valid_until}, before it begins on {valid_from}.")
    rule = await AgencyRule.create(
        agency=agency,
        topic=known,
        parameters=dict(parameters),
        valid_from=valid_from,
        valid_until=valid_until,
        source=source,
    )
    people.forget_rules()
    return rule


async def overtaken_on(rule: AgencyRule) -> date | None:
    """The day on which another of the same topic, written before, takes over because it begins later."""
    later = AgencyRule.filter(agency_id=rule.agency_id, topic=rule.topic, valid_from__gt=rule.valid_from)
    first = await later.order_by("valid_from").first()
    return first.valid_from if first else None


def _topic(name: str) -> RuleTopic:
    try:
        return RuleTopic(name)
    except ValueError:
        raise RuleRefused(f"{name}: no such topic; there are {', '.join(RuleTopic)}.") from None
