"""Check-ins a second and core that the eyes can take: one photograph, and a burst of eight for the moves."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from api.biometrics.moves import Move
from bench.ground import ROOT
from bench.rows import Row, row
from tests import moves
from worker.faces import Eyes
from worker.vision.engine import similarity
from worker.vision.insight import InsightEngine
from worker.vision.packs import load_engine
from worker.vision.pictures import MAX_BYTES
from worker.vision.samples import STEADY, portrait

ROUNDS = 24
ASKED = (Move.TURN_LEFT, Move.COME_CLOSER, Move.BLINK)

#: A session, the outputs asked of it, and what it was given.
Run = tuple[Any, Any, dict[str, Any]]
Act = Callable[[], Awaitable[object]]


def measure() -> list[Row]:
    """Takes about twenty seconds. In processor time, so that neighbours on a shared machine count for little."""
    engine = load_engine(Path(os.environ.get("HADIR_FACE_PACK") or ROOT / ".data/packs/hadir-default"))
    assert isinstance(engine, InsightEngine)
    with ThreadPoolExecutor(1) as thread:
        return asyncio.run(_measured(engine, Eyes(engine, thread, MAX_BYTES)))


async def _measured(engine: InsightEngine, eyes: Eyes) -> list[Row]:
    frames = moves.burst(*ASKED)
    frames.insert(-1, moves.frame(moment=7))

    async def single() -> None:
        assert (await eyes.look(portrait(STEADY[0]), liveness=True, pose=False)).report

    async def burst() -> None:
        await _burst(eyes, frames)

    one = "check-ins of one photograph, a second and core: decode, detect, embed, liveness, print"
    many = "check-ins with a burst of 8 frames, a second and core: all frames' moves, and one face in all"
    return [
        await _rate(engine, one, single, [portrait(STEADY[0])], 15),
        await _rate(engine, many, burst, frames, 4),
    ]


async def _burst(eyes: Eyes, frames: Sequence[bytes]) -> None:
    """As a verification looks: for liveness at those that are matched, the first and the last."""
    ends = (0, len(frames) - 1)
    seen = [await eyes.look(frame, liveness=place in ends, pose=True) for place, frame in enumerate(frames)]
    faces = [each.report.faces[0].embedding for each in seen if each.report and each.report.faces]
    known = [face for face in faces if face is not None]
    assert len(known) == len(frames)
    for place, face in enumerate(known):
        assert all(similarity(face, earlier) > 0 for earlier in known[:place])
    await eyes.nearest_before([each.print for each in seen])


async def _rate(engine: InsightEngine, what: str, act: Act, jpegs: Sequence[bytes], must: float) -> Row:
    with _recorded(engine) as runs:
        await act()
    own, bare = [], []
    for _ in range(ROUNDS):
        own.append(await _seconds(act))
        began = time.process_time()
        _bare(runs, jpegs)
        bare.append(time.process_time() - began)
    value, most = (1 / statistics.median(times) for times in (own, bare))
    note = f"its {len(runs)} bare ONNX runs and decoding alone: {most:.1f} a second and core, {most / value:.2f} times"
    return {**row("RATE", what, value, must=must, note=note), "more": True}


async def _seconds(act: Act) -> float:
    """Of the processor, in all threads."""
    began = time.process_time()
    await act()
    return time.process_time() - began


def _bare(runs: Sequence[Run], jpegs: Sequence[bytes]) -> None:
    for jpeg in jpegs:
        cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    for session, outputs, feed in runs:
        session.run(outputs, feed)


class _Recorder:
    """A session that leaves what it was given behind."""

    def __init__(self, session: Any, runs: list[Run]) -> None:
        self._session, self._runs = session, runs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run(self, outputs: Any, feed: dict[str, Any]) -> Any:
        self._runs.append((self._session, outputs, feed))
        return self._session.run(outputs, feed)


@contextmanager
def _recorded(engine: InsightEngine) -> Iterator[list[Run]]:
    """The runs of all models within, on the very tensors that the engine gives them."""
    runs: list[Run] = []
    stages: list[Any] = [*engine.analysis.models.values(), engine.liveness, engine.pose, engine.eyes]
    sessions = [stage.session for stage in stages]
    for stage in stages:
        stage.session = _Recorder(stage.session, runs)
    try:
        yield runs
    finally:
        for stage, session in zip(stages, sessions, strict=True):
            stage.session = session


if __name__ == "__main__":
    from bench.rows import table

    print(table(measure()))
