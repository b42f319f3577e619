"""Keeps the processes of `hadir up` running: their output on one terminal, started again when they end.

Everything is started from the main thread, because the kernel ties a child to the life of the thread that
started it.
"""

import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

from local.leash import leashed

#: Seconds before the first, second … start after an end; the last goes on.
BACK_OFF = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
#: Seconds after which a process counts as settled, and its failures as forgotten.
SETTLED = 30.0
STOP_SECONDS = 6.0
TICK = 0.05
_PREFIX_WIDTH = 8


class Child:
    """A process of our own program; each of its lines is printed behind its name."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        self.name = name
        self.command = command
        self.environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._copier: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.poll() if self._process else None

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        self._process = subprocess.Popen(
            leashed(self.command, Path.cwd(), death_signal=signal.SIGKILL),
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the parent, which ends the children in order
        )
        assert self._process.stdout is not None
        self._copier = threading.Thread(target=self._copy, args=(self._process.stdout,), daemon=True)
        self._copier.start()

    def send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def wait(self, seconds: float) -> None:
        """Waits for its end, and after `seconds` kills; its last lines are printed by then."""
        if self._process is None or self._copier is None:
            return
        try:
            self._process.wait(max(seconds, 0))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._copier.join(1)

    def _copy(self, output: IO[bytes]) -> None:
        with output:
            for line in output:
                text = line.decode(errors="replace").rstrip("\n")
                with contextlib.suppress(BrokenPipeError):  # our own reader left: go on emptying the pipe
                    print(f"{self.name:<{_PREFIX_WIDTH}}| {text}", flush=True)


def stop_all(children: list[Child]) -> None:
    """SIGTERM to all at once, and six seconds for all together."""
    for child in children:
        child.send(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        child.wait(deadline - time.monotonic())


class Keeper:
    """Starts one thing again whenever it is found ended, ever more slowly while it keeps ending."""

    def __init__(self, name: str, start: Callable[[], object], is_alive: Callable[[], bool]) -> None:
        self.name = name
        self.failures = 0
        self._start = start
        self._is_alive = is_alive
        self._started = 0.0
        self._due: float | None = None

    def tend(self, now: float) -> None:
        if self._is_alive():
            if now - self._started > SETTLED:
                self.failures = 0
            return
        if self._due is None:
            delay = BACK_OFF[min(self.failures, len(BACK_OFF) - 1)]
            self._due, self.failures = now + delay, self.failures + 1
            print(f"hadir: {self.name} ended; starting it again in {delay:g} s", flush=True)
        if now >= self._due:
            self._due, self._started = None, now
            self._start()


class Watch:
    """What signals have asked of us so far."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.reloading = threading.Event()

    @contextlib.contextmanager
    def listening(self) -> Iterator["Watch"]:
        """SIGINT, SIGTERM, SIGHUP end everything; a second one at once. SIGUSR1: read the keys again."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        former = {number: signal.signal(number, self._on_stop) for number in numbers}
        former[signal.SIGUSR1] = signal.signal(signal.SIGUSR1, lambda *_: self.reloading.set())
        try:
            yield self
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

    def _on_stop(self, *_: object) -> None:
        if self.stopping.is_set():
            sys.exit(130)  # the kernel ends what we started
        self.stopping.set()

    def ticks(self) -> Iterator[float]:
        """The monotonic time, twenty times a second until somebody asks to stop."""
        while not self.stopping.wait(TICK):
            yield time.monotonic()
