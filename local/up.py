"""`hadir up`: everything on one machine, from the servers to the page with who can log in."""

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from api.core.settings import Settings, setting_name
from local.address import answers, check_port, has_no_work_left
from local.borrowed import embedded, missing_servers
from local.errors import ProcessError
from local.files import write_private
from local.keys import keys_in, names_of
from local.lock import alone, refuse_a_second
from local.processes import Child, Keeper, Watch, stop_all
from local.server import Server

#: Starts in vain after which a process that has never been ready is given up.
PATIENCE = 4
NEWS_SECONDS = 5.0
#: What demo.json tells of each account: scripts rely on these names.
ACCOUNT = ("role", "name", "nip", "password", "token", "unit")
LONGEST_WAIT_FOR_WORK = 60.0


class Up:
    """One run of `hadir up`. `program` is the command line's own file, started again for each process."""

    def __init__(self, settings: Settings, program: Path, *, demo: bool) -> None:
        self.settings = settings
        self.demo = demo
        self.started = time.monotonic()
        self._program = program
        self._watch = Watch()
        self._servers: list[Server] = []
        self._children: list[Child] = []
        self._keepers: list[Keeper] = []
        self._environment = {**os.environ, "PYTHONUNBUFFERED": "1", "HADIR_KEYS": settings.keys}
        self._demo_file = settings.data_dir / "demo.json"
        self._stamp = Stamp(settings, program.parent / "migrations")

    def run(self) -> None:
        """Until somebody stops it. Raises ServerError or ProcessError with a sentence."""
        refuse_a_second(self.settings.data_dir)
        check_port(self.settings)
        with alone(self.settings.data_dir, self.settings.base_url) as self._lock, self._watch.listening():
            self._withdraw()
            try:
                self._start_servers()
                self._run_processes(self._prepare())
            finally:
                self._stop()

    def _start_servers(self) -> None:
        """Each counts as ours before it starts, so that a start interrupted half-way is cleared away too."""
        for name in missing_servers(self.settings):
            server = embedded(name, self.settings)
            say(f"starting {server.label}")
            self._servers.append(server)
            self._environment[setting_name(name)] = server.start()

    def _prepare(self) -> Child:
        """Tables and demonstration data, by a process that ends: neither belongs into this one's memory.

        Returns once the tables are there; where they were already, the process goes on beside the others.
        """
        say("bringing the tables up to date" + (", and the demonstration data" if self.demo else ""))
        arguments = ["seed", "--accounts", str(self._pending)] if self.demo else ["migrate"]
        task = self._child("prepare", *arguments)
        task.start()
        self._children = [task]
        if not self._stamp.is_current():
            for _ in self._with_news(self._watch.ticks(), "preparing"):
                if is_done(task):
                    self._stamp.write()
                    break
        return task

    def _run_processes(self, task: Child) -> None:
        """The worker comes when the preparation is done: two cores are few, and the page is waited for."""
        self._keepers = [Keeper(server.label, server.start, server.is_alive) for server in self._servers]
        web, worker = self._child("web", "web"), self._child("worker", "worker")
        ready = False
        for now in self._with_news(self._watch.ticks(), "waiting for the web process"):
            self._keep(web)
            if is_done(task):
                self._keep(worker)
            for keeper in self._keepers:
                keeper.tend(now)
                if not ready and keeper.failures > PATIENCE:
                    raise ProcessError(f"{keeper.name} does not start; the lines above say why.")
            if not ready and is_done(task) and answers(self.settings, "/readyz") and self._settled(now):
                ready = True
                self._children.remove(task)
                self._publish()
            if ready and self._watch.reloading.is_set():
                self._reload_keys()

    def _settled(self, now: float) -> bool:
        """The demonstration's faces are enrolled, so that a script can check in at once; or it takes too long."""
        return has_no_work_left(self.settings) or now - self.started > LONGEST_WAIT_FOR_WORK

    def _keep(self, child: Child) -> None:
        if child not in self._children:
            self._children.append(child)
            self._keepers.append(Keeper(child.name, child.start, child.is_alive))
            child.start()

    def _with_news(self, ticks: Iterator[float], doing: str) -> Iterator[float]:
        """The same ticks; every five seconds until the page can be reached, a line that we are alive."""
        told = time.monotonic()
        for now in ticks:
            if now - told > NEWS_SECONDS and not self._demo_file.exists():
                told = now
                say(f"  still {doing}, {now - self.started:.0f} s so far")
            yield now

    def _child(self, name: str, *arguments: str) -> Child:
        return Child(name, [sys.executable, str(self._program), *arguments], self._environment)

    def _reload_keys(self) -> None:
        self._watch.reloading.clear()
        self._environment["HADIR_KEYS"] = keys_in(self.settings.data_dir)
        say("reading the keys again")
        stop_all(self._children)
        for child in self._children:
            child.start()
        deadline = time.monotonic() + 30
        while not answers(self.settings, "/readyz") and time.monotonic() < deadline:
            time.sleep(0.05)
        self._tell()

    def _tell(self) -> None:
        urls = {name: self._environment[setting_name(name)] for name in missing_servers(self.settings)}
        self._lock.tell(keys=names_of(self._environment["HADIR_KEYS"])[0], **urls)

    @property
    def _pending(self) -> Path:
        return self._demo_file.with_name("demo.json.pending")

    def _publish(self) -> None:
        """The file appears whole and only now, so that a script may wait for it."""
        accounts: list[dict[str, Any]] = (
            json.loads(self._pending.read_text()) if self._pending.exists() else []
        )
        listed = [{name: account[name] for name in ACCOUNT} for account in accounts]
        demo = {"baseUrl": self.settings.base_url, "accounts": listed}
        write_private(self._demo_file, json.dumps(demo, ensure_ascii=False, indent=1) + "\n")
        self._tell()
        print(welcome(self.settings.base_url, accounts, time.monotonic() - self.started), flush=True)

    def _withdraw(self) -> None:
        self._demo_file.unlink(missing_ok=True)
        self._pending.unlink(missing_ok=True)

    def _stop(self) -> None:
        self._withdraw()
        say("stopping")
        stop_all(self._children)
        for server in reversed(self._servers):
            server.stop()


class Stamp:
    """Which migrations the embedded database has seen; it lies beside the data and goes with them."""

    def __init__(self, settings: Settings, migrations: Path) -> None:
        self._embedded = settings.database_url is None
        self._path = settings.data_dir / "postgres" / "prepared"
        digest = hashlib.sha256()
        for path in sorted(migrations.glob("*.py")):
            digest.update(path.name.encode() + path.read_bytes())
        self._digest = digest.hexdigest()

    def is_current(self) -> bool:
        return self._embedded and self._path.exists() and self._path.read_text() == self._digest

    def write(self) -> None:
        if self._embedded:
            write_private(self._path, self._digest)


def is_done(task: Child) -> bool:
    """ProcessError when it failed."""
    if task.exit_code:
        task.wait(0)
        raise ProcessError("The database could not be prepared; the lines above say why.")
    return task.exit_code == 0


def welcome(base_url: str, accounts: list[dict[str, Any]], seconds: float) -> str:
    lines = ["", f"Hadir is at {base_url} (ready after {seconds:.1f} s). Ctrl-C stops everything.", ""]
    if accounts:
        columns = ("role", "nip", "password", "face", "name", "unit")
        rows = [columns, *(tuple(str(account.get(column, "")) for column in columns) for account in accounts)]
        widths = [max(len(row[place]) for row in rows) for place in range(len(columns))]
        lines.append("Who can log in (demonstration data):")
        lines += [
            "  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        lines.append("")
    return "\n".join(lines)


def say(text: str) -> None:
    print(f"hadir: {text}", flush=True)
