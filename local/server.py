"""What the embedded servers have in common: a port, a log, a start that waits, and an end that is certain."""

import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path

from local.errors import ServerError
from local.leash import Identity, leashed

#: Recovery after a crash may take its time; a server that ends is noticed at once.
START_SECONDS = 300.0
STOP_SECONDS = 10.0
_ATTEMPTS = 3


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server(ABC):
    """One server process of ours; it keeps its port, so that its URL survives `restart` and `kill`."""

    label: str
    #: What the kernel sends when we die, and what `stop` sends.
    end_signal: signal.Signals = signal.SIGTERM
    identity: Identity = "self"

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def _prepare(self) -> None:
        """Bring the folder into a state to start from."""

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _is_ready(self) -> bool: ...

    def _standard_input(self) -> bytes:
        return b""

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> str:
        """Starts the server, waits until it answers, and returns its URL; ServerError says what is wrong."""
        if self.is_alive():
            return self.url
        self.folder.mkdir(parents=True, exist_ok=True)
        self._prepare()
        for _ in range(1 if self.port else _ATTEMPTS):
            port, self.port = self.port, self.port or free_port()
            self._spawn()
            if self._wait_until_ready():
                return self.url
            self.kill()
            self.port = port
        raise ServerError(f"{self.label} did not start. Its last words: {self._last_words()}")

    def stop(self) -> None:
        """Ends the server in order; after 10 seconds without manners."""
        self._end(self.end_signal)

    def kill(self) -> None:
        """kill -9, as a power cut would."""
        self._end(signal.SIGKILL)

    def restart(self) -> str:
        self.stop()
        return self.start()

    def _spawn(self) -> None:
        arguments = leashed(
            self._command(), self._work_folder(), death_signal=self.end_signal, identity=self.identity
        )
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                arguments, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )
        assert process.stdin is not None
        with process.stdin:
            process.stdin.write(self._standard_input())
        self._process = process

    def _work_folder(self) -> Path:
        return self.folder

    def _wait_until_ready(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.is_alive():
            if self._is_ready():
                return True
            time.sleep(0.01)
        return False

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return " / ".join(lines[-3:]) or "none"
