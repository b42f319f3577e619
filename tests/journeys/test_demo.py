"""What a script finds in demo.json when `hadir up` is ready, and what it can do with it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.leash import leashed
from local.postgres import Postgres
from local.server import free_port
from local.valkey import Valkey
from tests.conftest import administer
from tests.journeys.conftest import OFFICE, ROOT, ask
from tests.pictures import portrait
from worker.vision.samples import STEADY

LOGIN = "mutation($input: LoginInput!) { login(input: $input) { __typename ... on LoginDone { token } } }"
START = """mutation($input: StartCheckInInput!) { startCheckIn(input: $input) { ... on CheckInStart {
  nonce serverTime uploads { key url method headers { name value } } } } }"""
SUBMIT = """mutation($input: CheckInInput!) { checkIn(input: $input) {
  ... on CheckInAccepted { checkIn { id state } } ... on Problem { code } } }"""
LOOK = "query($id: UUID!) { checkIn(id: $id) { id state reasons { code } } }"
PLACE = {"latitude": OFFICE["latitude"], "longitude": OFFICE["longitude"], "accuracyMetres": 12.0}
ME = "{ me { employee { name nip unit { name } } roles { role } enrolment { state } } }"
NEEDED = {"SUPERVISOR", "HR_ADMIN", "AGENCY_ADMIN", "AUDITOR", "DESK_OFFICER", "EMPLOYEE"}
PATIENCE_SECONDS = 90


@pytest.fixture(scope="module")
def demo(
    postgres: Postgres, valkey: Valkey, face_pack: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("a folder")
    shutil.copytree(ROOT / ".data" / "downloads", folder / "downloads")
    administer(postgres, "CREATE DATABASE demonstration")
    environment = {
        **os.environ,
        "DATABASE_URL": postgres.url_of("demonstration"),
        "REDIS_URL": valkey.url_of(14),
        "HADIR_DATA_DIR": str(folder),
        "HADIR_FACE_PACK": str(face_pack),
        "HADIR_PORT": str(free_port()),
        "HADIR_LOG_LEVEL": "WARNING",
    }
    command = leashed([sys.executable, "hadir.py", "up"], ROOT, death_signal=signal.SIGTERM)
    process = subprocess.Popen(command, env=environment)
    path, deadline = folder / "demo.json", time.monotonic() + PATIENCE_SECONDS
    try:
        while not path.exists():
            assert process.poll() is None, "hadir up has ended"
            assert time.monotonic() < deadline, "hadir up does not get ready"
            time.sleep(0.1)
        yield json.loads(path.read_text())
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert not path.exists()


def test_its_shape_is_exactly_the_promised_one(demo: dict[str, Any]) -> None:
    assert list(demo) == ["baseUrl", "accounts"]
    assert demo["baseUrl"].startswith("http://localhost:")
    names = ["role", "name", "nip", "password", "token", "unit"]
    assert demo["accounts"]
    for account in demo["accounts"]:
        assert list(account) == names
        assert all(isinstance(value, str) and value.strip() for value in account.values()), account
        assert len(account["nip"]) == 18
        assert account["nip"].isdecimal()
    roles = Counter(account["role"] for account in demo["accounts"])
    assert roles.keys() == NEEDED
    assert roles["EMPLOYEE"] >= 2
    for name in ("nip", "token", "password"):
        assert len({account[name] for account in demo["accounts"]}) == len(demo["accounts"])


def test_every_password_opens_and_every_token_answers_as_its_owner(demo: dict[str, Any]) -> None:
    for account in demo["accounts"]:
        given = {"nip": account["nip"], "password": account["password"]}
        done = ask(demo["baseUrl"], "", LOGIN, input=given)["login"]
        assert done["__typename"] == "LoginDone", account["role"]
        for token in (account["token"], done["token"]):
            me = ask(demo["baseUrl"], token, ME)["me"]
            told = (me["employee"]["name"], me["employee"]["nip"], me["employee"]["unit"]["name"])
            assert told == (account["name"], account["nip"], account["unit"])
            held = {assignment["role"] for assignment in me["roles"]} or {"EMPLOYEE"}
            assert account["role"] in held
        given["password"] += "x"
        assert ask(demo["baseUrl"], "", LOGIN, input=given)["login"]["__typename"] != "LoginDone"


def test_somebody_can_check_in_at_once(demo: dict[str, Any]) -> None:
    """By a script alone, with one photograph: the four steps that README.md names."""
    employees = [account for account in demo["accounts"] if account["role"] == "EMPLOYEE"]
    states = [ask(demo["baseUrl"], account["token"], ME)["me"]["enrolment"] for account in employees]
    assert {"state": "PENDING"} not in states
    first = employees[states.index({"state": "ACTIVE"})]["token"]
    start = ask(demo["baseUrl"], first, START, input={"kind": "IN", "frames": 1})["startCheckIn"]
    [upload] = start["uploads"]
    headers = {header["name"]: header["value"] for header in upload["headers"]}
    sent = httpx.request(upload["method"], upload["url"], content=portrait(STEADY[0]), headers=headers)
    assert sent.status_code == 204
    given = {
        "nonce": start["nonce"],
        "frames": [upload["key"]],
        "fixes": [{**PLACE, "time": start["serverTime"]}],
        "idempotencyKey": "the first of the demonstration",
    }
    made = ask(demo["baseUrl"], first, SUBMIT, input=given)["checkIn"]["checkIn"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while made["state"] == "PENDING":
        assert time.monotonic() < deadline, "nobody looks at it"
        time.sleep(0.1)
        made = ask(demo["baseUrl"], first, LOOK, id=made["id"])["checkIn"]
    assert made["state"] == "ACCEPTED", made
