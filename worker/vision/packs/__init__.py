"""Face packs: where the models come from, whether they are what they claim, and loading them."""

from worker.vision.packs.build import build_default_pack
from worker.vision.packs.errors import PackBroken, PackError, PackMissing
from worker.vision.packs.load import load_engine
from worker.vision.packs.manifest import verify_pack
from worker.vision.packs.source import PACKAGE, SHA256, VERSION

__all__ = [
    "PACKAGE",
    "SHA256",
    "VERSION",
    "PackBroken",
    "PackError",
    "PackMissing",
    "build_default_pack",
    "load_engine",
    "verify_pack",
]
