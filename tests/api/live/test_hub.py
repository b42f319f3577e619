"""Signals: whom they reach, how soon, and how many are kept."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
import redis.asyncio as redis

from api.core.events import CHANGED, Changed, Events
from api.core.live import COALESCE_SECONDS, MOST_NAMES, Hub
from local.valkey import Valkey
from tests.api.live.conftest import Following, new_ids

pytestmark = pytest.mark.anyio

AGENCY, OTHER = new_ids(2)
Names = frozenset[UUID] | None


@pytest.fixture
async def events(redis_url: str) -> AsyncIterator[Events]:
    async with Events(redis_url).running() as running:
        yield running


@pytest.fixture
async def hub(events: Events) -> AsyncIterator[Hub]:
    async with Hub(events).running() as running:
        yield running


class Heard(Following[Names]):
    """What a listener is told, with the time of the last."""

    at = 0.0

    async def next(self) -> Names:
        names = await self.item()
        self.at = time.perf_counter()
        return names


@asynccontextmanager
async def _listening(
    hub: Hub, agency: UUID = AGENCY, *, path: str | None = None, subject_id: UUID | None = None
) -> AsyncIterator[Heard]:
    with hub.listening(agency, "attendance", path=path, subject_id=subject_id) as listener:
        heard = Heard(listener.news())
        yield heard
        await heard.stop()


def _change(
    person: UUID, *, path: str = "/1/", agency: UUID = AGENCY, subject: UUID | None = None
) -> Changed:
    return Changed("attendance", agency, path, person, subject or person)


async def _ready(heard: Heard, hub: Hub) -> None:
    """The first word of every listener: read everything."""
    await hub.connected()
    assert await heard.next() is None
    await asyncio.sleep(COALESCE_SECONDS)


async def test_a_lone_change_is_told_at_once(hub: Hub, events: Events) -> None:
    """The best of some counts: others share the processor."""
    taken = []
    async with _listening(hub) as heard:
        await _ready(heard, hub)
        for person in new_ids(5):
            began = time.perf_counter()
            events.changed(_change(person))
            assert await heard.next() == {person}
            taken.append(heard.at - began)
            await asyncio.sleep(COALESCE_SECONDS)
    assert min(taken) < COALESCE_SECONDS / 2


async def test_a_burst_is_told_together(hub: Hub, events: Events) -> None:
    first, *others = new_ids(11)
    async with _listening(hub) as heard:
        await _ready(heard, hub)
        events.changed(_change(first))
        assert await heard.next() == {first}
        for person in others:
            events.changed(_change(person))
            events.changed(_change(person))
        told_first, told = heard.at, [await heard.next()]
        assert heard.at - told_first >= COALESCE_SECONDS * 0.9
        while not await heard.is_quiet():
            told.append(heard.last)
        assert len(told) < len(others) / 2
        assert set().union(*(names or () for names in told)) == set(others)


async def test_more_names_than_are_kept_become_the_word_to_read_everything(hub: Hub, events: Events) -> None:
    async with _listening(hub) as heard:
        await _ready(heard, hub)
        people = new_ids(MOST_NAMES * 4)
        for person in people:
            events.changed(_change(person))
        told = [await heard.next()]
        while not await heard.is_quiet():
            told.append(heard.last)
        assert None in told
        assert all(names is None or len(names) <= MOST_NAMES for names in told)


async def test_a_listener_hears_its_subtree_and_nothing_else(hub: Hub, events: Events) -> None:
    inside, below, beside, above, foreign, last = new_ids(6)
    async with _listening(hub, path="/1/2/") as heard:
        await _ready(heard, hub)
        events.changed(_change(beside, path="/1/22/"))
        events.changed(_change(above, path="/1/"))
        events.changed(_change(foreign, path="/1/2/", agency=OTHER))
        events.changed(Changed("enrolment", AGENCY, "/1/2/", foreign, foreign))
        assert await heard.is_quiet()
        events.changed(_change(inside, path="/1/2/"))
        assert await heard.next() == {inside}
        events.changed(_change(below, path="/1/2/3/"))
        events.changed(_change(last, path="/1/2/"))
        assert await heard.next() == {below, last}


async def test_a_listener_for_one_subject_hears_that_one(hub: Hub, events: Events) -> None:
    person, subject, other = new_ids(3)
    async with _listening(hub, subject_id=subject) as heard:
        await _ready(heard, hub)
        events.changed(_change(person, subject=other))
        assert await heard.is_quiet()
        events.changed(_change(person, subject=subject))
        assert await heard.next() == {person}


async def test_what_is_no_signal_is_passed_over(hub: Hub, events: Events, redis_url: str) -> None:
    (person,) = new_ids(1)
    async with _listening(hub) as heard:
        await _ready(heard, hub)
        async with redis.Redis.from_url(redis_url) as stranger:
            for payload in (b"", b"[]", b'{"topic":"attendance"}', b'{"topic":1,"agency_id":2}', b"\xff"):
                await stranger.publish(CHANGED, payload)
        assert await heard.is_quiet()
        events.changed(_change(person))
        assert await heard.next() == {person}


async def test_after_redis_was_away_everything_is_to_be_read_again(
    hub: Hub, events: Events, valkey: Valkey
) -> None:
    (person,) = new_ids(1)
    async with _listening(hub) as heard:
        await _ready(heard, hub)
        valkey.stop()
        events.changed(_change(person))
        await asyncio.sleep(0.1)
        valkey.start()
        assert await heard.next() is None
        await asyncio.sleep(COALESCE_SECONDS)
        events.changed(_change(person))
        assert await heard.next() == {person}


@pytest.fixture
async def mute(valkey: Valkey) -> AsyncIterator[Callable[[str], Awaitable[object]]]:
    """Takes the right to publish away ("-publish") and gives it back ("+publish"); who listens stays connected,
    and does not learn that anything was amiss."""
    async with redis.Redis.from_url(valkey.url) as operator:

        async def say(right: str) -> object:
            return await operator.execute_command("ACL", "SETUSER", "default", right)

        yield say
        await say("+publish")


async def test_what_could_not_be_sent_is_sent_as_soon_as_it_can_be(
    hub: Hub, events: Events, mute: Callable[[str], Awaitable[object]]
) -> None:
    person, later = new_ids(2)
    async with _listening(hub) as heard:
        await _ready(heard, hub)
        await mute("-publish")
        events.changed(_change(person))
        assert await heard.is_quiet()
        events.changed(_change(later))
        await mute("+publish")
        told = await heard.next()
        while told is not None and told != {person, later}:
            told |= await heard.next() or frozenset()
        assert told == {person, later}


async def test_what_was_too_much_to_hold_back_becomes_the_word_to_read_everything(
    redis_url: str, mute: Callable[[str], Awaitable[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.core.events.QUEUE_LENGTH", 3)
    async with Events(redis_url).running() as events, Hub(events).running() as hub, _listening(hub) as heard:
        await _ready(heard, hub)
        await mute("-publish")
        for person in new_ids(9):
            events.changed(_change(person))
        assert await heard.is_quiet()
        await mute("+publish")
        assert await heard.next() is None


async def test_a_process_that_ends_without_redis_ends_soon(redis_url: str, valkey: Valkey) -> None:
    async with asyncio.timeout(5):
        async with Events(redis_url).running() as events:
            valkey.stop()
            events.work("verify")
            await asyncio.sleep(COALESCE_SECONDS)
    await asyncio.to_thread(valkey.start)


async def test_without_redis_a_listener_does_not_wait_long(events: Events, valkey: Valkey) -> None:
    valkey.stop()
    async with Hub(events).running() as hub:
        with hub.listening(AGENCY, "attendance"):
            async with asyncio.timeout(3):
                await hub.connected()
    valkey.start()


async def test_who_has_left_is_forgotten(hub: Hub) -> None:
    async with _listening(hub), _listening(hub, OTHER):
        assert len(hub._listeners) == 2
    assert not hub._listeners
