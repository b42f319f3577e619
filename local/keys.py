"""Keys made here when none are given: one file, for its owner only, made once."""

import base64
import os
import secrets
from pathlib import Path

from local.errors import FolderError
from local.files import write_private

KEY_BYTES = 32
_NAME = "HADIR_KEYS="


def keys_file(folder: Path) -> Path:
    return folder / "keys.env"


def keys_in(folder: Path) -> str:
    """The ring in `folder` as HADIR_KEYS writes it; made at the first call."""
    path = keys_file(folder)
    if not path.exists():
        write_private(path, f"{_NAME}k1:{_new_key()}\n", replace=False)  # data may be sealed with another's
    if not os.access(path, os.R_OK):
        raise FolderError(f"{path} belongs to another user. Run Hadir as that user, or set HADIR_DATA_DIR.")
    return path.read_text().strip().removeprefix(_NAME)


def add_key(folder: Path) -> str:
    """Puts a new key before the others, so that it seals from now on; returns the whole ring."""
    ring = keys_in(folder)
    numbers = [int(name[1:]) for name in names_of(ring) if name[0] == "k" and name[1:].isdecimal()]
    ring = f"k{max(numbers, default=0) + 1}:{_new_key()},{ring}"
    write_private(keys_file(folder), f"{_NAME}{ring}\n")
    return ring


def names_of(ring: str) -> list[str]:
    """The ids, newest first; never the keys."""
    return [entry.strip().partition(":")[0] for entry in ring.split(",") if entry.strip()]


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
