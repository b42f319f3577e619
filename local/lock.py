"""One `hadir up` for each data folder, and a way for other commands to talk to it."""

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.errors import ProcessError
from local.files import own_folder


class Lock:
    """The file that says who runs Hadir in a data folder; the kernel unlocks it when we end."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.tell()

    def tell(self, **facts: str) -> None:
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps({"pid": os.getpid(), **facts}).encode(), 0)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[Lock]:
    """Holds the data folder; ProcessError when another `hadir up` does."""
    own_folder(folder)
    descriptor = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ProcessError(
                f"Hadir is running already with {folder}. Stop it first, or set HADIR_DATA_DIR."
            ) from None
        yield Lock(descriptor)
    finally:
        os.close(descriptor)


def running_in(folder: Path) -> dict[str, Any]:
    """What a running `hadir up` says of itself (pid, keys); empty when none runs."""
    try:
        descriptor = os.open(folder / "up.lock", os.O_RDONLY)
    except FileNotFoundError:
        return {}
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        content = os.pread(descriptor, 4096, 0)
        return dict(json.loads(content)) if content else {}
    else:
        return {}
    finally:
        os.close(descriptor)


def ask_to_reload_keys(folder: Path, newest: str, seconds: float = 40.0) -> None:
    """Has a running `hadir up` restart its processes with the keys of the file, and waits until it has."""
    facts = running_in(folder)
    if not facts:
        return
    os.kill(facts["pid"], signal.SIGUSR1)
    deadline = time.monotonic() + seconds
    while (facts := running_in(folder)) and facts.get("keys") != newest:
        if time.monotonic() > deadline:
            raise ProcessError("The running Hadir did not take the new key. Stop it and run this again.")
        time.sleep(0.1)
