"""`hadir up` around a small program in place of web, worker and seed: who starts, ends, and is told what."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.keys import add_key
from local.lock import ask_to_reload_keys, running_in
from local.server import free_port
from tests.local.processes import descendants, is_running, wait_until, wait_until_gone

ROOT = Path(__file__).parents[2]

PROGRAM = """
import http.server, json, os, sys, time
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        names = ("DATABASE_URL", "REDIS_URL", "HADIR_KEYS")
        body = json.dumps({"pid": os.getpid(), **{name: os.environ.get(name) for name in names}}).encode()
        if self.path == "/metrics":
            body = b"hadir_outbox_outstanding " + os.environ.get("LEFT", "0.0").encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
match sys.argv[1:]:
    case ["seed", "--accounts", path]:
        account = {"role": "employee", "name": "Budi", "nip": "1", "password": "p", "token": "t", "unit": "u"}
        open(path, "w").write(json.dumps([{**account, "face": "for the terminal"}]))
    case ["web"] if not os.environ.get("BROKEN"):
        http.server.HTTPServer(("127.0.0.1", int(os.environ["HADIR_PORT"])), Page).serve_forever()
    case ["worker"]:
        time.sleep(600)
    case _:
        print("no such thing", flush=True)
        sys.exit(3)
"""
RUNNER = """
import sys
from pathlib import Path
from api.core.settings import load
from local.keys import keys_in
from local.errors import ProcessError
from local.up import Up
settings = load(env_file=None)
settings = settings.model_copy(update={"keys": keys_in(settings.data_dir)})
try:
    Up(settings, Path(sys.argv[1]), demo=True).run()
except ProcessError as error:
    sys.exit(str(error))
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def home(server_folder: Path, request: pytest.FixtureRequest) -> Path:
    folder = server_folder / f"up {request.node.name}"
    folder.mkdir()
    (folder / "program.py").write_text(PROGRAM)
    return folder


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def start(home: Path, port: int) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(**environment: str) -> "subprocess.Popen[str]":
        names = ("PATH", "HOME", "LANG")
        process = subprocess.Popen(
            [sys.executable, "-c", RUNNER, str(home / "program.py")],
            cwd=ROOT,
            env={name: os.environ[name] for name in names if name in os.environ}
            | {"HADIR_DATA_DIR": str(home / "data"), "HADIR_PORT": str(port), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def demo_file(home: Path) -> Path:
    return home / "data" / "demo.json"


def ask(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        return dict(json.load(answer))


def test_it_is_not_ready_while_faces_wait_for_the_worker(home: Path, port: int, start: Start) -> None:
    start(LEFT="4.0")
    wait_until(lambda: answers(port))
    time.sleep(1)
    assert not demo_file(home).exists()


def answers(port: int) -> bool:
    try:
        return bool(ask(port))
    except OSError:
        return False


def test_everything_starts_is_told_and_ends(home: Path, port: int, start: Start) -> None:
    process = start()
    wait_until(demo_file(home).exists)
    told = json.loads(demo_file(home).read_text())
    account = {"role": "employee", "name": "Budi", "nip": "1", "password": "p", "token": "t", "unit": "u"}
    assert told == {"baseUrl": f"http://localhost:{port}", "accounts": [account]}
    assert demo_file(home).stat().st_mode & 0o077 == 0
    environment = ask(port)
    assert environment["DATABASE_URL"].startswith("postgresql://")
    assert environment["REDIS_URL"].startswith("redis://")
    assert environment["HADIR_KEYS"].startswith("k1:")

    everyone = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert f"Hadir is at http://localhost:{port}" in output
    assert "Budi" in output
    assert not demo_file(home).exists()
    assert not any(map(is_running, everyone))


def test_nothing_is_left_when_it_is_killed(home: Path, start: Start) -> None:
    process = start()
    wait_until(demo_file(home).exists)
    everyone = descendants(process.pid)
    assert len(everyone) > 4
    process.kill()
    process.wait()
    wait_until_gone(everyone)

    again = start()
    wait_until(lambda: demo_file(home).exists() and "pid" in running_in(home / "data"))
    assert running_in(home / "data")["pid"] == again.pid


def test_what_is_killed_comes_back_at_the_same_address(home: Path, port: int, start: Start) -> None:
    process = start()
    wait_until(demo_file(home).exists)
    before = ask(port)
    postgres = int((home / "data/postgres/data/postmaster.pid").read_text().split("\n")[0])
    os.kill(before["pid"], signal.SIGKILL)
    os.kill(postgres, signal.SIGKILL)
    wait_until(lambda: not is_running(before["pid"]) and not is_running(postgres))

    def is_back() -> bool:
        try:
            lock = (home / "data/postgres/data/postmaster.pid").read_text()
            return (
                ask(port)["pid"] != before["pid"] and not lock.startswith(f"{postgres}\n") and "ready" in lock
            )
        except OSError:
            return False

    wait_until(is_back)
    assert ask(port)["DATABASE_URL"] == before["DATABASE_URL"]
    assert process.poll() is None


def test_a_new_key_reaches_the_processes(home: Path, port: int, start: Start) -> None:
    start()
    wait_until(lambda: "keys" in running_in(home / "data"))
    ring = add_key(home / "data")
    ask_to_reload_keys(home / "data", "k2")
    assert ask(port)["HADIR_KEYS"] == ring
    assert ring.startswith("k2:")
    assert ",k1:" in ring


def test_a_second_one_in_the_same_folder_is_refused(home: Path, port: int, start: Start) -> None:
    start()
    wait_until(demo_file(home).exists)
    for elsewhere in ({}, {"HADIR_PORT": str(free_port())}):
        second = start(**elsewhere)
        output, _ = second.communicate(timeout=20)
        assert second.returncode != 0
        assert f"running already at http://localhost:{port}: open that" in output
        assert "press Ctrl-C in its terminal" in output
    assert demo_file(home).exists()


def test_a_port_in_use_is_one_sentence(home: Path, port: int, start: Start) -> None:
    with socket.create_server(("127.0.0.1", port)):
        process = start()
        output, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert f"Port {port} of 127.0.0.1 cannot be used" in output
    assert "Traceback" not in output
    assert not (home / "data" / "postgres").exists()


def test_a_process_that_never_starts_is_given_up(
    home: Path, start: Start, database_url: str, redis_url: str
) -> None:
    process = start(BROKEN="yes", DATABASE_URL=database_url, REDIS_URL=redis_url)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "web     | no such thing" in output
    assert "web does not start" in output
    assert not (home / "data" / "postgres").exists()
