"""The history's own proof: each promise broken by hand is found."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from api.attendance.models import CheckIn
from api.core import database
from api.core.settings import Settings
from tests.kill.history import History
from tests.pictures import portrait
from tests.worker.jobs.office import Office, nothing_outstanding, open_office, watch_settlements, working

Break = Callable[[Office, History, CheckIn], Awaitable[object]]
BY_ID = "WHERE id = '{0.id}'"


def sql(*statements: str) -> Break:
    """`{0}` is the check-in."""

    async def run(_: Office, __: History, record: CheckIn) -> None:
        for statement in statements:
            await database.connection().execute_script(statement.format(record))

    return run


async def acknowledge_another(_: Office, history: History, record: CheckIn) -> None:
    history.acknowledge(record.idempotency_key, uuid4())


async def acknowledge_what_is_not_there(_: Office, history: History, __: CheckIn) -> None:
    history.invoked["key"] = []
    history.acknowledge("key", uuid4())


async def refuse(_: Office, history: History, record: CheckIn) -> None:
    history.refused[record.idempotency_key] = "NONCE_UNUSABLE"


async def forget(_: Office, history: History, record: CheckIn) -> None:
    del history.invoked[record.idempotency_key]


async def signal(_: Office, history: History, record: CheckIn) -> None:
    history.signals[UUID(str(record.id))] = 3


async def delete_photograph(office: Office, _: History, record: CheckIn) -> None:
    await office.runtime.storage.delete(record.frames)


async def exchange_photograph(office: Office, _: History, record: CheckIn) -> None:
    await office.runtime.storage.put(record.frames[0], portrait(1))


async def leave_photograph(office: Office, _: History, record: CheckIn) -> None:
    await office.runtime.storage.put(record.frames[0] + "x", portrait(1))


async def leave_traceback(office: Office, _: History, __: CheckIn) -> None:
    log = office.runtime.settings.data_dir / "web-1.log"
    log.write_text("graphql.surprise\nTraceback (most recent call last):\nValueError\n")


COPY = (
    "INSERT INTO check_in SELECT (jsonb_populate_record(check_in, jsonb_build_object('id', gen_random_uuid(), "
    "'idempotency_key', {key}))).* FROM check_in " + BY_ID
)
LOSE = "DELETE FROM frame_print WHERE check_in_id = '{0.id}'; DELETE FROM check_in " + BY_ID


@pytest.mark.parametrize(
    ("kind", "breach"),
    [
        pytest.param("lost", sql(LOSE), id="a record that went"),
        pytest.param("lost", acknowledge_what_is_not_there, id="a record that never was"),
        pytest.param("surprise", acknowledge_another, id="two records told for one submission"),
        pytest.param("surprise", leave_traceback, id="a traceback in a log"),
        pytest.param("twice", sql(COPY.replace("{key}", "'another'")), id="a photograph that counts twice"),
        pytest.param(
            "twice",
            sql("UPDATE check_in SET idempotency_key = '{0.idempotency_key}'"),
            id="a submission that counts twice",
        ),
        pytest.param("twice", sql("UPDATE check_in SET receipt = 'other' " + BY_ID), id="a second settling"),
        pytest.param("twice", signal, id="three signals"),
        pytest.param("unasked", refuse, id="a record of what was refused"),
        pytest.param("unasked", forget, id="a record of what nobody sent"),
        pytest.param(
            "stuck",
            sql("UPDATE check_in SET state = 'PENDING', settled_at = NULL " + BY_ID),
            id="a record without a verdict",
        ),
        pytest.param(
            "stuck",
            sql(
                "INSERT INTO outbox (id, job, subject_id, due_at, attempts, failures, created_at) "
                "VALUES (gen_random_uuid(), 'verify_check_in', '{0.id}', now(), 0, 0, now())"
            ),
            id="work that is left",
        ),
        pytest.param(
            "day", sql("UPDATE attendance_day SET flagged = NOT flagged"), id="a day that says otherwise"
        ),
        pytest.param("day", sql("DELETE FROM attendance_day"), id="a day that is not there"),
        pytest.param("photograph", delete_photograph, id="a photograph that went"),
        pytest.param("photograph", exchange_photograph, id="another photograph"),
        pytest.param("orphan", leave_photograph, id="a photograph of nobody"),
    ],
)
def test_a_broken_promise_is_found(settings: Settings, kind: str, breach: Break) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            await watch_settlements()
            history = History()
            for _ in range(2):
                person = await office.hire()
                await person.has_template(bytes(2048), "none")
                history.took(await person.check_in(portrait(5)))
            async with working(office.runtime, None):
                await nothing_outstanding()
            assert await history.violations(office.runtime) == {}
            await breach(office, history, await CheckIn.all().first())
            assert kind in await history.violations(office.runtime)

    asyncio.run(story())
