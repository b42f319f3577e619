"""Telling everybody else which pack this worker has opened."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from api.biometrics.pack import Opened, announce
from api.core.clock import utc_now
from api.core.database import AWAY
from worker.vision.engine import FaceEngine
from worker.vision.packs.manifest import read_manifest

log = structlog.get_logger()

AGAIN_SECONDS = 2.0
LONGEST_LICENCE = 400


def described(pack: Path, engine: FaceEngine) -> Opened:
    """A licensed pack of the older kind says nothing of itself: then it goes by its folder's name."""
    manifest = read_manifest(pack)
    return Opened(
        model_id=engine.model_id,
        liveness_model_id=engine.liveness_model_id,
        name=(manifest.display_name if manifest else None) or pack.name,
        licence=_heading(pack / manifest.license) if manifest else "",
        files=[{"file": each.file, "sha256": each.sha256} for each in manifest.files() if each.sha256]
        if manifest
        else [],
    )


async def tell(pack: Path, engine: FaceEngine) -> None:
    """Until the database has taken it."""
    opened = described(pack, engine)
    while True:
        try:
            await announce(opened, utc_now())
        except AWAY as error:
            log.warning("faces.not_told", reason=type(error).__name__)
            await asyncio.sleep(AGAIN_SECONDS)
        else:
            return


def _heading(path: Path) -> str:
    """The first paragraph of a licence, which names it."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
    return " ".join(text.split("\n\n")[0].split())[:LONGEST_LICENCE]
