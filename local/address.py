"""The address the web process listens on, seen from `hadir up`."""

import http.client
import socket

from api.core.settings import Settings
from local.errors import ProcessError


def check_port(settings: Settings) -> None:
    """Asks before anything is started whether the web process will be able to listen."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ProcessError(
                f"Port {settings.port} of {settings.host} cannot be used ({error.strerror}). "
                f"Choose another, as in HADIR_PORT={settings.port % 65535 + 1}."
            ) from None


def answers(settings: Settings, path: str) -> bool:
    """True when our own web process says 200."""
    return _read(settings, path) is not None


def has_no_work_left(settings: Settings) -> bool:
    """True when all that was recorded for the worker is done."""
    lines = (_read(settings, "/metrics") or b"").splitlines()
    return b"hadir_outbox_outstanding 0.0" in lines


def _read(settings: Settings, path: str) -> bytes | None:
    """What our own web process answers with 200, else None."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(host, settings.port, timeout=2)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read() if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
