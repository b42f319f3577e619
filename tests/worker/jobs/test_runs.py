"""How often each model runs: once on what is asked of it, and never on what was seen already."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from api.attendance.models import CheckIn, CheckInState
from api.biometrics.moves import Move
from api.core.settings import Settings
from tests import moves as made
from tests import pictures
from tests.worker.jobs.office import Person, open_office, worked_off
from worker.vision.engine import FaceEngine
from worker.vision.insight import InsightEngine

SHE = pictures.ASTRONAUT


class Counted:
    """A session that notes what it is given."""

    def __init__(self, session: Any, given: list[bytes]) -> None:
        self._session, self._given = session, given

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run(self, outputs: Any, feed: dict[str, Any]) -> Any:
        self._given += [tensor.tobytes() for tensor in feed.values()]
        return self._session.run(outputs, feed)


@pytest.fixture
def runs(engine: FaceEngine, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[bytes]]:
    """By stage, what its model was given."""
    assert isinstance(engine, InsightEngine)
    stages = {**engine.analysis.models, "liveness": engine.liveness, "pose": engine.pose, "eyes": engine.eyes}
    given: dict[str, list[bytes]] = {name: [] for name in stages}
    for name, stage in stages.items():
        monkeypatch.setattr(stage, "session", Counted(stage.session, given[name]))
    return given


async def enrolled(office: Any, engine: FaceEngine, runs: dict[str, list[bytes]]) -> Person:
    she: Person = await office.hire()
    await she.consent()
    await she.enrol(pictures.registered(SHE))
    await worked_off(office, engine)
    for given in runs.values():
        given.clear()
    return she


def test_one_photograph_is_looked_at_once(
    settings: Settings, engine: FaceEngine, runs: dict[str, list[bytes]]
) -> None:
    async def story() -> None:
        async with open_office(settings) as office:
            she = await enrolled(office, engine, runs)
            sent = await she.check_in(pictures.portrait(SHE))
            await worked_off(office, engine)
            assert (await CheckIn.get(id=sent.id)).state == CheckInState.ACCEPTED

    asyncio.run(story())
    ran = {name: len(given) for name, given in runs.items()}
    assert ran == {"detection": 1, "recognition": 1, "liveness": 1, "pose": 0, "eyes": 0}


def test_a_burst_gets_what_the_moves_need_and_nothing_twice(
    settings: Settings, engine: FaceEngine, runs: dict[str, list[bytes]]
) -> None:
    """Whether it is the same face is asked of every frame, so that none can be somebody else's; whether it lives, of
    those only that are matched."""
    asked = (Move.TURN_LEFT, Move.BLINK)
    frames = made.burst(*asked)

    async def story() -> None:
        async with open_office(settings) as office:
            she = await enrolled(office, engine, runs)
            sent = await she.moves(*asked, frames=frames)
            await worked_off(office, engine)
            assert (await CheckIn.get(id=sent.id)).state == CheckInState.ACCEPTED

    asyncio.run(story())
    each = len(frames)
    ran = {name: len(given) for name, given in runs.items()}
    assert ran == {"detection": each, "recognition": each, "liveness": 2, "pose": each, "eyes": 2 * each}
    assert {name: Counter(given).most_common(1)[0][1] for name, given in runs.items()} == dict.fromkeys(
        ran, 1
    )
