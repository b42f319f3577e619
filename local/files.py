"""Files that appear whole or not at all."""

import os
from pathlib import Path

from local.errors import FolderError


def own_folder(folder: Path) -> None:
    """Makes `folder` unless it is there; FolderError when it is not ours to write."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(
            f"{folder} cannot be made: {error.strerror}. Set HADIR_DATA_DIR to another."
        ) from None
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise FolderError(f"{folder} belongs to another user. Run Hadir as that user, or set HADIR_DATA_DIR.")


def write_private(path: Path, text: str, *, replace: bool = True) -> None:
    """For the owner's eyes only. With `replace` false an existing file wins."""
    own_folder(path.parent)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if replace:
        fresh.replace(path)
        return
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()
