"""`hadir web` and `hadir worker` as an office runs them: each a process of its own, started again when it ends."""

import itertools
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from api.core.settings import Settings
from local.leash import leashed
from local.server import free_port

ROOT = Path(__file__).resolve().parents[2]
_numbers = itertools.count(1)


class HadirProcess:
    """One command of hadir.py; whoever kills it starts it again, as systemd would."""

    def __init__(self, name: str, settings: Settings, **more: str) -> None:
        self.name = name
        self._environment = {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "DATABASE_URL": str(settings.database_url),
            "REDIS_URL": str(settings.redis_url),
            "HADIR_KEYS": settings.keys,
            "HADIR_DATA_DIR": str(settings.data_dir),
            "HADIR_LEASE_SECONDS": str(settings.lease_seconds),
            "HADIR_UPLOAD_MAX_BYTES": str(settings.upload_max_bytes),
            **more,
        }
        self._folder = settings.data_dir
        self._log = settings.data_dir / "never-started"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._log = self._folder / f"{self.name}-{next(_numbers)}.log"
        command = [sys.executable, str(ROOT / "hadir.py"), self.name]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                leashed(command, self._folder, death_signal=signal.SIGKILL),
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    @property
    def said(self) -> str:
        """By the process that runs now, or ran last."""
        return self._log.read_text(errors="replace")

    @property
    def is_ready(self) -> bool:
        raise NotImplementedError

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def send(self, number: signal.Signals) -> int:
        """The exit code that follows, within ten seconds."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(10)

    def kill(self) -> None:
        if self.is_alive:
            self.send(signal.SIGKILL)


class WorkerProcess(HadirProcess):
    def __init__(self, settings: Settings, pack: Path) -> None:
        super().__init__("worker", settings, HADIR_FACE_PACK=str(pack))

    @property
    def is_ready(self) -> bool:
        return "worker.ready" in self.said


class WebProcess(HadirProcess):
    """It keeps its port over its deaths, as behind a balancer."""

    def __init__(self, settings: Settings) -> None:
        port = free_port()
        super().__init__("web", settings, HADIR_PORT=str(port))
        self.address = f"http://127.0.0.1:{port}"

    @property
    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
