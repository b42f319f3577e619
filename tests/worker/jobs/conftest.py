from pathlib import Path

import pytest

from api.core.settings import Settings
from tests.worker.jobs.office import PACK, settings_for
from worker.vision.engine import FaceEngine
from worker.vision.packs import load_engine


@pytest.fixture(scope="session")
def engine() -> FaceEngine:
    """The real models."""
    return load_engine(PACK)


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, redis_url, tmp_path)
