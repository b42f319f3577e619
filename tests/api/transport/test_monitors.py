"""What monitors ask: is it alive, is it fit, and what does it count."""

import asyncio
import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.core import database, outbox
from api.core.identity import new_id
from local.postgres import Postgres
from local.valkey import Valkey
from tests.api.transport.conftest import begun
from tests.world import World

pytestmark = pytest.mark.anyio

WALL = "subscription($unit: UUID!) { attendanceChanged(unitId: $unit) { resync } }"
ALONE = "subscription($unit: UUID!) { attendanceChanged(unitId: $unit) { changed { employee { supervisor { id } } } } }"
Figures = dict[tuple[str, str], float]


@pytest.fixture
def absent(postgres: Postgres, valkey: Valkey) -> Iterator[tuple[Postgres, Valkey]]:
    """Servers that a test may take away; they are back for the next one."""
    yield postgres, valkey
    postgres.start()
    valkey.start()


async def figures(http: httpx.AsyncClient) -> Figures:
    """By name and the values of the labels, read as Prometheus reads them."""
    answer = await http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found: Figures = defaultdict(float)
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation, family.name
        for sample in family.samples:
            found[sample.name, " ".join(sample.labels.values())] = sample.value
    return found


async def test_fit_means_that_the_database_answers(
    http: httpx.AsyncClient, absent: tuple[Postgres, Valkey]
) -> None:
    postgres, _ = absent
    assert (await http.get("/readyz")).json() == {"database": "ok", "redis": "ok"}
    postgres.stop()
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"database": "away", "redis": "ok"})
    assert (await http.get("/healthz")).text == "ok\n"
    postgres.start()
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok", "redis": "ok"})


async def test_without_redis_it_is_fit_and_says_so(
    http: httpx.AsyncClient, absent: tuple[Postgres, Valkey]
) -> None:
    """Check-ins are taken all the same: the outbox keeps them."""
    _, valkey = absent
    valkey.stop()
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok", "redis": "away"})
    valkey.start()
    assert (await http.get("/readyz")).json() == {"database": "ok", "redis": "ok"}


async def test_without_both_it_is_not(http: httpx.AsyncClient, absent: tuple[Postgres, Valkey]) -> None:
    for server in absent:
        server.stop()
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"database": "away", "redis": "away"})


async def test_requests_are_counted_by_pattern_and_status(http: httpx.AsyncClient, world: World) -> None:
    before = await figures(http)
    for path in ("/healthz", "/healthz", "/none", f"/files/{new_id()}"):
        await http.get(path)
    after = await figures(http)

    def more(name: str, labels: str) -> float:
        return after[name, labels] - before[name, labels]

    assert more("hadir_http_requests_total", "/healthz 200") == 2
    assert more("hadir_http_requests_total", "other 404") == 1
    assert more("hadir_http_requests_total", "/metrics 200") == 1
    assert more("hadir_http_seconds_count", "/healthz") == 2
    assert after["process_resident_memory_bytes", ""] > 1e6
    labels = " ".join(labels for _, labels in after)
    assert not [str(id) for id in world.units.values() if str(id) in labels]
    assert "/files/0" not in labels, "an identifier became a label"


async def test_what_waits_and_for_how_long_is_told(http: httpx.AsyncClient) -> None:
    await database.rows("DELETE FROM outbox RETURNING id")
    idle = await figures(http)
    assert (idle["hadir_outbox_outstanding", ""], idle["hadir_outbox_oldest_seconds", ""]) == (0, 0)
    async with database.transaction() as using:
        for _ in range(3):
            await outbox.record(using, "verify_check_in", new_id())
    await database.rows(
        "UPDATE outbox SET due_at = due_at - $1::interval WHERE id = (SELECT id FROM outbox LIMIT 1) RETURNING id",
        timedelta(hours=1),
    )
    busy = await figures(http)
    assert busy["hadir_outbox_outstanding", ""] == 3
    assert 3600 <= busy["hadir_outbox_oldest_seconds", ""] < 3700


async def test_check_ins_of_a_day_are_told_by_state(http: httpx.AsyncClient) -> None:
    await database.rows("UPDATE check_in SET received_at = now() - interval '3 days' RETURNING id")
    found = await figures(http)
    states = ("PENDING", "ACCEPTED", "FLAGGED", "REVIEW", "REFUSED")
    assert [found["hadir_check_ins_last_day", state] for state in states] == [0] * 5
    for count, state in ((2, "ACCEPTED"), (1, "REVIEW"), (1, "PENDING")):
        moved = await database.rows(
            "UPDATE check_in SET received_at = now() - interval '1 hour', day = current_date "
            "WHERE id IN (SELECT id FROM check_in WHERE state = $1 LIMIT $2) RETURNING id",
            state,
            count,
        )
        assert len(moved) == count
    found = await figures(http)
    assert [found["hadir_check_ins_last_day", state] for state in states] == [1, 2, 0, 1, 0]


async def test_readers_of_live_pages_are_counted_while_they_read(
    http: httpx.AsyncClient, port: int, world: World
) -> None:
    async def readers(expected: int) -> None:
        async with asyncio.timeout(5):
            while (await figures(http))["hadir_live_readers", ""] != expected:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    office = str(world.units["office"])
    async with begun(port, world["supervisor"].token) as one, begun(port, world["hr_admin"].token) as two:
        await one.ask(WALL, unit=office)
        await two.ask(WALL, unit=office)
        await readers(2)
        async with begun(port, world["supervisor"].token) as three:
            await three.ask(ALONE, unit=office)
            await readers(3)
        await readers(2)
    await readers(0)


async def test_without_the_database_the_other_figures_are_told(
    http: httpx.AsyncClient, absent: tuple[Postgres, Valkey]
) -> None:
    postgres, _ = absent
    postgres.stop()
    found = await figures(http)
    assert math.isnan(found["hadir_outbox_outstanding", ""])
    assert math.isnan(found["hadir_check_ins_last_day", "REVIEW"])
    assert found["hadir_http_requests_total", "/metrics 200"] >= 0
    assert found["hadir_live_readers", ""] == 0
    postgres.start()
    assert not math.isnan((await figures(http))["hadir_outbox_outstanding", ""])
