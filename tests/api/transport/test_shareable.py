"""Which fields answer the same to all who hold the same rights: shown for each, and open for none by default."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from api.attendance.schema.live import AttendanceChange
from api.attendance.schema.types import AttendanceCounts, AttendanceDay
from api.schema import schema
from api.sites.models import WorkMode
from api.sites.schema import DutyLocation, SiteDisturbance
from api.transport.asked import Asked
from api.transport.sharing import SHAREABLE, SOURCES, question_of

pytestmark = pytest.mark.anyio

#: Fields of the same types that ask who is reading, or what he has loaded.
OWN = {
    "AttendanceDay.checkIns",
    "Employee.supervisor",
    "Employee.enrolment",
    "Employee.objectedAt",
    "Employee.roles",
    "Unit.employeeCount",
}
UNIT = {"unit": str(uuid4())}


class OnlyClock:
    """A request of which nothing may be known but the time and the language."""

    locale = "id"
    actor_or_none = None

    @staticmethod
    def clock() -> datetime:
        return datetime.now(UTC)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the reader's {name} was asked for")


def _types() -> Iterator[GraphQLObjectType]:
    for name in sorted({coordinate.partition(".")[0] for coordinate in SHAREABLE} - {"Subscription"}):
        found = schema._schema.get_type(name)
        assert isinstance(found, GraphQLObjectType), name
        yield found


def _fields() -> set[str]:
    return {f"{found.name}.{field}" for found in _types() for field in found.fields}


def _selected(found: GraphQLObjectType, wanted: set[str]) -> str:
    """All wanted fields of a type and of those below it."""
    chosen = []
    for name, field in found.fields.items():
        below = get_named_type(field.type)
        if f"{found.name}.{name}" in wanted:
            rest = wanted - {f"{found.name}.{name}"}
            chosen.append(name if is_leaf_type(below) else f"{name} {_selected(below, rest)}")
    return f"{{ __typename {' '.join(chosen)} }}"


def _document(wanted: set[str], source: str = "attendanceChanged") -> str:
    subscription = schema._schema.subscription_type
    assert subscription is not None
    change = get_named_type(subscription.fields[source].type)
    assert isinstance(change, GraphQLObjectType)
    return f"subscription($unit: UUID!) {{ {source}(unitId: $unit) {_selected(change, wanted)} }}"


def _event() -> AttendanceChange:
    now = datetime.now(UTC)
    row = {
        "employee_id": uuid4(), "nip": "1" * 18, "name": "Siti", "position": "Analis", "active": True,
        "supervisor_id": uuid4(), "unit_id": uuid4(), "unit_code": "1", "unit_name": "Kantor", "unit_path": "/1/",
        "time_zone": "Asia/Makassar", "parent_id": None, "day": now.date(), "presence": "IN", "in_at": now,
        "out_at": None, "late_minutes": 3, "flagged": True, "needs_review": False, "last_change_at": now,
        "check_in_id": uuid4(), "by_hand": True,
    }  # fmt: skip
    counts = AttendanceCounts(
        total=9, in_=1, out=2, not_in=3, late=4, pending=5, flagged=6, needs_review=7, by_hand=8
    )
    place = DutyLocation(
        id=uuid4(), name="Kantor", kind=WorkMode.OFFICE, latitude=-6.2, longitude=106.8, radius_metres=150
    )
    site = SiteDisturbance(id=uuid4(), location=place, since=now, until=now)
    return AttendanceChange(resync=False, counts=counts, changed=[AttendanceDay.of(row)], disturbances=[site])


#: Source → one event of it, with something in each of its lists.
EVENTS = {"attendanceChanged": _event}


async def _executed(document: str, source: str = "attendanceChanged") -> Any:
    return await schema.execute(document, UNIT, OnlyClock(), EVENTS[source]())  # type: ignore[arg-type]


def test_every_field_of_the_shared_types_was_decided_on() -> None:
    roots = {f"Subscription.{source}" for source in SOURCES}
    assert {c for c in SHAREABLE if not c.endswith(".__typename")} - roots | OWN == _fields()
    assert not SHAREABLE & OWN


@pytest.mark.parametrize("source", SOURCES)
async def test_no_shared_field_asks_who_is_reading(source: str) -> None:
    result = await _executed(_document(set(SHAREABLE), source), source)
    assert result.errors is None
    assert result.data[source]


async def test_the_event_that_is_tried_holds_something() -> None:
    result = await _executed(_document(set(SHAREABLE)))
    (day,) = result.data["attendanceChanged"]["changed"]
    assert day["employee"]["unit"]["timeZone"] == "Asia/Makassar"


@pytest.mark.parametrize("coordinate", sorted(OWN))
async def test_the_others_do(coordinate: str) -> None:
    """Which also shows that the test before this one would notice."""
    result = await _executed(_document(set(SHAREABLE) | {coordinate}))
    assert result.errors


def _is_shared(text: str, variables: dict[str, Any] | None = None, name: str | None = None) -> bool:
    asked = Asked(text, UNIT if variables is None else variables, name)
    document = schema.prepare(text, None)
    operation = document.operation(name)
    assert operation is not None
    return question_of(schema._schema, operation, asked) is not None


@pytest.mark.parametrize(
    "text",
    [
        "subscription($unit: UUID!) { attendanceChanged(unitId: $unit) { resync } }",
        "subscription($unit: UUID!) { wall: attendanceChanged(unitId: $unit) { counts { here: in } } }",
        "subscription($unit: UUID!) { attendanceChanged(unitId: $unit) { __typename changed { ...Row } } }"
        " fragment Row on AttendanceDay { employee { ... on Employee { name unit { today } } } }",
        "subscription($unit: UUID!, $all: Boolean = true) { attendanceChanged(unitId: $unit)"
        " { resync counts @include(if: $all) { total } } }",
    ],
    ids=range(4),
)
def test_what_can_be_shared_is_recognised(text: str) -> None:
    assert _is_shared(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            f"subscription($unit: UUID!) {{ attendanceChanged(unitId: $unit) {{ changed {{ {own} }} }} }}"
            for own in (
                "checkIns { id }",
                "employee { supervisor { name } }",
                "employee { enrolment }",
                "employee { unit { employeeCount } }",
                "employee { unit { id ...Count } } } } } fragment Count on Unit { employeeCount ... { ... { id",
            )
        ),
        "subscription($unit: UUID!) { checkInChanged(id: $unit) { id } }",
        "subscription($unit: UUID!) { enrolmentChanged(id: $unit) { id } }",
        "subscription($unit: UUID!) { ...All } fragment All on Subscription"
        " { attendanceChanged(unitId: $unit) { resync } }",
        "query($unit: UUID!) { unit(id: $unit) { id } }",
        "{ me { permissions } }",
    ],
    ids=range(10),
)
def test_everything_else_is_worked_out_for_its_reader(text: str) -> None:
    assert not _is_shared(text)


@pytest.mark.parametrize(
    "variables", [{}, {"unit": None}, {"unit": "x"}, {"unit": 1}, {"unit": [UNIT["unit"]]}]
)
def test_values_that_cannot_be_read_are_left_to_the_ordinary_way(variables: dict[str, Any]) -> None:
    text = "subscription($unit: UUID!) { attendanceChanged(unitId: $unit) { resync } }"
    assert not _is_shared(text, variables)


def test_only_the_operation_that_is_meant_counts() -> None:
    text = (
        "subscription One($unit: UUID!) { attendanceChanged(unitId: $unit) { resync } }"
        " query Two { me { permissions } }"
    )
    assert _is_shared(text, name="One")
    assert not _is_shared(text, name="Two")


def test_what_the_page_of_the_wall_watches_is_shared() -> None:
    text = (Path(__file__).parents[3] / "web" / "pages" / "live" / "live.graphql").read_text("utf-8")
    assert _is_shared(text, name="Changes")


def test_the_sources_are_subscriptions_on_a_unit() -> None:
    subscription = schema._schema.subscription_type
    assert subscription is not None
    for name in SOURCES:
        assert f"Subscription.{name}" in SHAREABLE
        assert list(subscription.fields[name].args) == ["unitId"]
