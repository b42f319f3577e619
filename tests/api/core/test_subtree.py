"""Python, Tortoise and SQL say the same of who lies in which subtree."""

import pytest
from tortoise.expressions import Q

from api.core import database
from api.core.policy import Grant, Permission, Role, held
from api.core.runtime import Runtime
from api.core.subtree import WHOLE_AGENCY, highest, lies_in, reached
from api.people.models import Unit
from tests.world import World

pytestmark = pytest.mark.anyio


async def test_three_languages_agree_on_every_pair_of_units(runtime: Runtime, world: World) -> None:
    """The world's codes hold `_`, which LIKE would take for any letter."""
    paths = set(await Unit.all().values_list("path", flat=True))
    for top in (*paths, WHOLE_AGENCY):
        said = {path for path in paths if lies_in(path, top)}
        assert set(await Unit.filter(reached([top])).values_list("path", flat=True)) == said
        told = await database.rows("SELECT path FROM unit WHERE path ^@ ANY($1::text[])", [top])
        assert {row["path"] for row in told} == said
    assert await Unit.filter(reached([]) | Q(path="/")).count() == 0


def test_the_highest_are_those_within_no_other() -> None:
    assert sorted(highest(["/a/b/", "/a/", "/a_/", "/a/b/c/", "/d/"])) == ["/a/", "/a_/", "/d/"]
    assert highest([]) == []


def test_a_grant_is_held_on_its_unit_and_below_it_alone() -> None:
    grants = (Grant(Role.SUPERVISOR, "/a/b/"),)
    assert Permission.REVIEW_ATTENDANCE in held(grants, "/a/b/c/")
    assert Permission.REVIEW_ATTENDANCE in held(grants, "/a/b/")
    assert held(grants, "/a/") == held(grants, "/a/bb/") == frozenset()


def test_a_search_holds_no_wildcard() -> None:
    assert database.containing(r"50%_\x") == r"%50\%\_\\x%"
    assert database.beginning("1" * 200) == "1" * 100 + "%"
