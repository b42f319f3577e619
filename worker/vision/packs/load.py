"""From a pack's directory to an engine, without reaching for the network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from worker.vision.packs.manifest import verify_pack

if TYPE_CHECKING:
    from worker.vision.engine import FaceEngine


def load_engine(pack: Path) -> FaceEngine:
    """Load a pack: Hadir's own, or a licensed insightface pack at `<root>/models/<name>`.

    The licensed one's liveness model is taken from `<root>/addons/liveness.onnx` where it lies there; without
    it the engine reports liveness as not checked. Takes about a second: call it once a process.
    Raises PackMissing or PackBroken, both before insightface could try to download anything.
    """
    pack = pack.expanduser().resolve()
    manifest = verify_pack(pack)
    # Imported here, because insightface costs a second and 80 MB that whoever only verifies should not pay.
    from worker.vision.loading import open_pack

    return open_pack(pack, manifest)
