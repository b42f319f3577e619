"""One `hadir up` for each data folder, and a way for other commands to talk to it."""

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local.errors import ProcessError
from local.files import own_folder


class Lock:
    """The file that says who runs Hadir in a data folder; the kernel unlocks it when we end."""

    def __init__(self, descriptor: int, address: str | None) -> None:
        self._descriptor = descriptor
        self._where = {"address": address} if address else {}
        self.tell()

    def tell(self, **facts: str) -> None:
        content = {"pid": os.getpid(), **self._where, **facts}
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(content).encode(), 0)


@contextlib.contextmanager
def alone(folder: Path, address: str | None = None) -> Iterator[Lock]:
    """Holds the data folder for Hadir at `address`; ProcessError when another `hadir up` does."""
    own_folder(folder)
    descriptor = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ProcessError(_already(running_in(folder))) from None
        yield Lock(descriptor, address)
    finally:
        os.close(descriptor)


def refuse_a_second(folder: Path) -> None:
    """ProcessError when another `hadir up` holds the folder."""
    if facts := running_in(folder):
        raise ProcessError(_already(facts))


def _already(facts: Mapping[str, Any]) -> str:
    """Where the other is, and what to do."""
    where = f" at {facts['address']}: open that in your browser" if "address" in facts else " in this folder"
    process = f" (process {facts['pid']})" if "pid" in facts else ""
    return (
        f"Hadir is running already{where}. To start it anew, press Ctrl-C in its terminal first{process}. "
        "For a second one beside it, set HADIR_DATA_DIR and HADIR_PORT."
    )


def running_in(folder: Path) -> dict[str, Any]:
    """What a running `hadir up` says of itself (pid, address, keys); empty when none runs."""
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
