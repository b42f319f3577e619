"""The real models: the pack that `make faces` builds, opened once for each test process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from worker.vision.engine import FaceReport, FrameReport
from worker.vision.insight import InsightEngine
from worker.vision.packs import PACKAGE, VERSION, load_engine
from worker.vision.pictures import read_picture

_DATA = Path(__file__).resolve().parents[3] / ".data"


@pytest.fixture(scope="session")
def tarball() -> Path:
    """The npm package that the default pack is made from."""
    path = Path(os.environ.get("HADIR_FACE_PACKAGE") or _DATA / f"downloads/{PACKAGE}-{VERSION}.tgz")
    assert path.is_file(), f"There is no {path}: run `make faces`, or set HADIR_FACE_PACKAGE."
    return path


@pytest.fixture(scope="session")
def engine(face_pack: Path) -> InsightEngine:
    loaded = load_engine(face_pack)
    assert isinstance(loaded, InsightEngine)
    return loaded


class Look:
    """Asks the engine about encoded pictures, once for each."""

    def __init__(self, engine: InsightEngine) -> None:
        self._engine = engine
        self._seen: dict[bytes, FrameReport] = {}

    def frame(self, jpeg: bytes) -> FrameReport:
        if jpeg not in self._seen:
            self._seen[jpeg] = self._engine.inspect(read_picture(jpeg), pose=True)
        return self._seen[jpeg]

    def face(self, jpeg: bytes) -> FaceReport:
        return self.frame(jpeg).faces[0]


@pytest.fixture(scope="session")
def look(engine: InsightEngine) -> Look:
    return Look(engine)
