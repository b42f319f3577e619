"""Makes .venv from the lock files. Run by the system's own Python (3.11–3.13), so the standard library only.

A stamp inside .venv says what it was made from, where, and by which Python: a second run compares and leaves.
An environment that was moved, or whose making was interrupted, is made anew.
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HEARTBEAT_SECONDS = 5.0
#: No lock records where a package came from, nor may a build of our own replace what the hashes stand for.
INSTALL = ("install", "--no-deps", "--require-hashes")


class BootstrapError(Exception):
    """A sentence for the person at the terminal."""


class Environment:
    """The virtual environment beside the source."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / ".venv"
        self.python = self.path / "bin" / "python"
        self.stamp = self.path / "hadir.json"
        self.unfinished = self.path / "hadir.unfinished"

    def read_stamp(self) -> dict[str, Any]:
        """What .venv was made from; empty when nobody knows."""
        try:
            content = json.loads(self.stamp.read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def identity(self) -> dict[str, Any]:
        return {"path": str(self.path), "python": list(sys.version_info[:2])}

    def is_usable(self) -> bool:
        """False for one that was moved, half-made, or whose Python has gone or changed its version."""
        stamp = self.read_stamp()
        if self.unfinished.exists() or (stamp and {**stamp, **self.identity()} != stamp):
            return False
        question = "import sys; print(sys.prefix, *sys.version_info[:2], sep='\\n')"
        try:
            asked = subprocess.run(
                [str(self.python), "-I", "-c", question], capture_output=True, text=True, check=False
            )
        except OSError:
            return False
        prefix, *version = asked.stdout.split("\n")[:3] or [""]
        return Path(prefix) == self.path and version == [str(part) for part in sys.version_info[:2]]

    def make(self) -> None:
        if not _has_ensurepip():
            minor = sys.version_info.minor
            raise BootstrapError(
                f"Python's venv module is incomplete here. Install it with "
                f"`apt-get install python3.{minor}-venv` and run this again."
            )
        say(f"making .venv with Python {sys.version.split()[0]}")
        self.stamp.unlink(missing_ok=True)  # first: what is half removed must not look whole
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir()
        self.unfinished.touch()
        run([sys.executable, "-m", "venv", str(self.path)], "making .venv", self.path)

    def install(self, lock: Path) -> None:
        """uv first, since it takes less than half the time; pip when uv will not."""
        count = sum(1 for line in lock.read_text().splitlines() if line[:1].isalnum())
        say(f"installing {lock.name}: {count} packages, each checked against its hash")
        pip = [str(self.python), "-m", "pip", "--disable-pip-version-check", *INSTALL, "--no-compile", "-q"]
        self.unfinished.touch()
        try:
            if not (self.path / "bin" / "uv").exists():
                installer = str(self.root / "requirements-installer.lock")
                run([*pip, "-r", installer], "fetching the installer", self.path)
            uv = [
                str(self.path / "bin" / "uv"),
                "pip",
                *INSTALL,
                "-q",
                "--system-certs",
            ]  # an office's own too
            run([*uv, "--python", str(self.python), "-r", str(lock)], "installing", self.path)
        except (BootstrapError, OSError) as error:
            say(f"the quick installer did not work ({error}); going on with pip")
            run([*pip, "-r", str(lock)], "installing", self.path)


def bring(root: Path, locks: list[str]) -> bool:
    """Everything in `locks` installed in .venv; False when that was so already."""
    environment = Environment(root)
    wanted = {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in locks}
    with _alone(root):
        usable = environment.is_usable()
        done: dict[str, str] = environment.read_stamp().get("locks", {}) if usable else {}
        missing = [name for name, digest in wanted.items() if done.get(name) != digest]
        if not missing:
            return False
        started = time.monotonic()
        if not usable:
            environment.make()
        for name in missing:
            environment.install(root / name)
        stamp = {**environment.identity(), "locks": {**done, **wanted}}
        environment.stamp.write_text(json.dumps(stamp, indent=1))
        environment.unfinished.unlink(missing_ok=True)
        say(f".venv is ready: {_megabytes(environment.path)} MB, {time.monotonic() - started:.0f} s")
    return True


def run(command: list[str], label: str, folder: Path) -> None:
    """Runs a command and says every five seconds that it is alive; BootstrapError says why."""
    started = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        while True:
            try:
                output, _ = process.communicate(timeout=HEARTBEAT_SECONDS)
                break
            except subprocess.TimeoutExpired:
                say(f"  {label}: {_megabytes(folder)} MB, {time.monotonic() - started:.0f} s so far")
    if process.returncode != 0:
        raise BootstrapError(_reason(output) or f"{label}: exit {process.returncode}")


def _reason(output: str) -> str:
    """The line that pip or uv marks as the error, else the last."""
    lines = output.strip().splitlines()
    marked = [line for line in lines if line.lower().startswith("error")]
    return (marked or lines[-1:] or [""])[0].strip()


def say(text: str) -> None:
    print(f"hadir: {text}", flush=True)


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One bootstrap at a time; the kernel lets go when we end, however we end."""
    descriptor = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another make that is working on .venv")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _has_ensurepip() -> bool:
    """Debian keeps it in a package of its own."""
    try:
        import ensurepip
    except ImportError:
        return False
    return bool(ensurepip.version())


def _megabytes(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # it may be being moved at this moment
                total += os.lstat(os.path.join(parent, name)).st_size
    return total // 1_000_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="with what the tests need")
    arguments = parser.parse_args()
    locks = ["requirements-dev.lock" if arguments.dev else "requirements.lock"]
    environment = Environment(ROOT)
    if not arguments.dev and "requirements-dev.lock" in environment.read_stamp().get("locks", {}):
        locks = ["requirements-dev.lock"]  # it holds the other
    if shutil.which("npm") is None:
        locks.append("requirements-npm.lock")
    try:
        bring(ROOT, locks)
    except (BootstrapError, OSError) as error:
        print(f"hadir: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
