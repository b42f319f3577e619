"""An agency's rule is read before it is written: a wrong one is refused in words, and changes nothing."""

from datetime import date, timedelta

import pytest

from api import agency_rules
from api.agency_rules import PARSERS, RuleRefused
from api.core import database
from api.core.runtime import Runtime
from api.people import service as people
from api.people.models import Agency, AgencyRule, RuleTopic
from tests.world import World

pytestmark = pytest.mark.anyio

FROM = date(2026, 1, 1)


async def agency(world: World) -> Agency:
    return await Agency.get(id=world.agencies["a"])


def test_every_topic_has_a_parser() -> None:
    assert set(PARSERS) == set(RuleTopic)


async def test_what_was_written_holds_at_once_in_its_period(runtime: Runtime, world: World) -> None:
    last = FROM + timedelta(days=9)
    assert await people.rule(world.agencies["a"], RuleTopic.POSITION, FROM) == {}
    await agency_rules.write(await agency(world), "position", {"oldest_s": 30.0}, FROM, last)
    days = [FROM - timedelta(days=1), FROM, last, last + timedelta(days=1)]
    found = [await people.rule(world.agencies["a"], RuleTopic.POSITION, day) for day in days]
    assert found == [{}, {"oldest_s": 30.0}, {"oldest_s": 30.0}, {}]


@pytest.mark.parametrize(
    ("topic", "parameters", "says"),
    [
        (
            "positions",
            {},
            "positions: no such topic; there are face, position, working_hours, desk, moves, challenge",
        ),
        ("POSITION", {}, "no such topic"),
        ("position", [], "parameters are names with values"),
        ("position", {"oldest": 30}, "position: oldest: no such setting."),
        ("position", {"oldest_s": 4_000}, "oldest_s: 4000 is not between 5 and 3600 seconds."),
        ("position", {"levels": {"POSITION_ZERO": "INFO"}}, "the least that is safe"),
        ("position", {"levels": ["POSITION_ZERO"]}, "position: "),
        ("face", {"match": "much"}, "face: match: 'much' is not a number."),
        ("desk", {"photograph": "never"}, "desk: photograph: 'never' is neither required nor optional"),
        ("desk", {"photo": "optional"}, "photograph and nothing else"),
        ("working_hours", {"starts": ["07:30"]}, "1 days are no week"),
        ("working_hours", {"starts": ["7 o'clock"] * 7}, "working_hours: "),
    ],
)
async def test_a_rule_that_cannot_be_used_is_refused_by_name(
    runtime: Runtime, world: World, topic: str, parameters: object, says: str
) -> None:
    before = await AgencyRule.all().count()
    with pytest.raises(RuleRefused) as refused:
        await agency_rules.write(await agency(world), topic, parameters, FROM)
    assert says in str(refused.value)
    assert await AgencyRule.all().count() == before


async def test_a_period_that_ends_before_it_begins_is_refused(runtime: Runtime, world: World) -> None:
    with pytest.raises(RuleRefused, match="before it begins"):
        await agency_rules.write(await agency(world), "face", {}, FROM, FROM - timedelta(days=1))


async def test_within_a_transaction_a_rule_is_read_on_its_connection(runtime: Runtime, world: World) -> None:
    """The rule is written in the transaction and not committed: any other connection would not see it."""
    async with database.transaction() as using:
        await AgencyRule.create(
            agency_id=world.agencies["a"],
            topic=RuleTopic.FACE,
            parameters={"match": 0.5},
            valid_from=FROM,
            using_db=using,
        )
        assert await people.rule(world.agencies["a"], RuleTopic.FACE, FROM, using) == {"match": 0.5}
        people.forget_rules()


async def test_a_rule_that_begins_later_is_told_of(world: World, runtime: Runtime) -> None:
    agency = await Agency.get(id=world.agencies["a"])
    later = await agency_rules.write(agency, "face", {}, date(2027, 3, 1))
    earlier = await agency_rules.write(agency, "face", {}, date(2027, 1, 1))
    assert await agency_rules.overtaken_on(earlier) == date(2027, 3, 1)
    assert await agency_rules.overtaken_on(later) is None
