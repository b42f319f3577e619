"""Photographs in a store that speaks S3: sent straight there, sealed in their place, shown by us alone."""

import socket
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from api.attendance.models import CheckIn
from api.core import storage
from api.core.crypto import Keyring, is_sealed
from api.core.errors import NotFound, Unavailable, UploadMissing
from api.core.runtime import Runtime
from api.core.settings import Settings
from api.core.settings_checks import parse_keys
from api.core.storage import Storage
from tests.api.conftest import Ask
from tests.api.storage.conftest import s3_settings
from tests.s3 import lying
from tests.world import World, jpeg

pytestmark = pytest.mark.anyio

START = (
    "mutation { startCheckIn(input: {kind: IN, frames: 2}) { ... on CheckInStart"
    " { nonce uploads { key url method headers { name value } } } } }"
)
SUBMIT = (
    "mutation($input: CheckInInput!) { checkIn(input: $input) { __typename"
    " ... on CheckInAccepted { checkIn { id } } } }"
)
PHOTOS = "query($id: UUID!) { checkIn(id: $id) { evidence { frames { url } } } }"


async def test_from_a_start_to_a_look(
    ask: Ask, runtime: Runtime, world: World, bucket: Any, s3_endpoint: str
) -> None:
    person, at = world["deskmate"], datetime.now(UTC)
    started = (await ask(person, START, at=at))["startCheckIn"]
    async with httpx2.AsyncClient() as phone:
        for number, upload in enumerate(started["uploads"]):
            assert upload["url"].startswith(f"{s3_endpoint}/{bucket.name}/office/")
            headers = {header["name"]: header["value"] for header in upload["headers"]}
            sent = await phone.request(
                upload["method"], upload["url"], content=jpeg(str(number)), headers=headers
            )
            assert sent.status_code == 200
            assert lying(bucket, upload["key"]) == jpeg(str(number))
    keys = [upload["key"] for upload in started["uploads"]]
    fix = {"latitude": -6.2, "longitude": 106.8, "accuracyMetres": 10.0, "time": at.isoformat()}
    sent = {"nonce": started["nonce"], "frames": keys, "fixes": [fix], "idempotencyKey": "0123456789abcdef"}
    answer = (await ask(person, SUBMIT, at=at, input=sent))["checkIn"]
    assert answer["__typename"] == "CheckInAccepted"
    assert not await runtime.storage.reseal(keys[0])  # an upload: its copies could not be opened
    taken = (await CheckIn.get(id=answer["checkIn"]["id"])).frames
    for number, key in enumerate(taken):
        assert await runtime.storage.read(key) == (jpeg(str(number)), False)
        assert await runtime.storage.reseal(key)
        assert is_sealed(lying(bucket, key))
        assert jpeg(str(number)) not in lying(bucket, key)
        assert await runtime.storage.read(key) == (jpeg(str(number)), True)
        assert not await runtime.storage.reseal(key)
    shown = (await ask(person, PHOTOS, at=at, id=answer["checkIn"]["id"]))["checkIn"]["evidence"]["frames"]
    assert all(urlsplit(photo["url"]).netloc != urlsplit(s3_endpoint).netloc for photo in shown)


async def test_what_was_taken_can_no_longer_be_exchanged(
    ask: Ask, runtime: Runtime, world: World, bucket: Any
) -> None:
    """By whoever keeps the presigned address and sends to it again, also with the same submission."""
    person, at = world["deskmate"], datetime.now(UTC)
    started = (await ask(person, START, at=at))["startCheckIn"]
    upload = started["uploads"][0]
    fix = {"latitude": -6.2, "longitude": 106.8, "accuracyMetres": 10.0, "time": at.isoformat()}
    sent = {
        "nonce": started["nonce"], "frames": [upload["key"]], "fixes": [fix],
        "idempotencyKey": "0123456789abcdef",
    }  # fmt: skip
    seen = []
    async with httpx2.AsyncClient() as phone:
        for picture in ("first", "second", "third"):
            reply = await phone.put(
                upload["url"], content=jpeg(picture), headers={"Content-Type": "image/jpeg"}
            )
            assert reply.status_code == 200  # the store knows no better
            answer = (await ask(person, SUBMIT, at=at, input=sent))["checkIn"]
            seen.append((await CheckIn.get(id=answer["checkIn"]["id"])).frames)
    assert seen[0] == seen[1] == seen[2]
    assert await runtime.storage.get(seen[0][0]) == jpeg("first")
    kept = [name for name, _ in await runtime.storage.names("frames")]
    assert sorted(kept) == sorted([upload["key"], *seen[0]])  # the repetitions left no copy
    await runtime.storage.forget_upload(seen[0][0])
    assert [name for name, _ in await runtime.storage.names("frames")] == seen[0]


async def test_what_is_not_there_is_not_taken(runtime: Runtime, bucket: Any) -> None:
    for key, size in (("frames/a/n/0", 10), ("frames/a/n/2", 5_000)):
        bucket.put_object(Key=f"office/{key}", Body=b"x" * size)
    for other in ("frames/a/n/1", "frames/a/n/2"):
        with pytest.raises(UploadMissing):
            await runtime.storage.take(["frames/a/n/0", other], 1_000)
    assert len(await runtime.storage.names("frames")) == 2


async def test_what_has_not_arrived_is_missing(runtime: Runtime, bucket: Any) -> None:
    for key, size in (("frames/a/n/0", 10), ("frames/a/n/1", 0), ("frames/a/n/2", 5_000)):
        bucket.put_object(Key=f"office/{key}", Body=b"x" * size)
    keys = [f"frames/a/n/{number}" for number in range(4)]
    assert await runtime.storage.missing(keys, 1_000) == keys[1:]


async def test_a_store_of_s3_is_written_once_listed_and_emptied(runtime: Runtime, bucket: Any) -> None:
    photographs = runtime.storage
    assert await photographs.put_once("frames/a/n/0", jpeg("first"))
    assert await photographs.put_once("frames/a/n/0", jpeg("first"))
    assert not await photographs.put_once("frames/a/n/0", jpeg("second"))
    assert await photographs.get("frames/a/n/0") == jpeg("first")
    assert [name for name, _ in await photographs.names("frames")] == ["frames/a/n/0"]
    await photographs.delete(["frames/a/n/0", "frames/a/n/1"])
    assert list(bucket.objects.all()) == []
    with pytest.raises(NotFound):
        await photographs.get("frames/a/n/0")


async def test_an_address_is_for_one_object_one_method_and_minutes(runtime: Runtime, bucket: Any) -> None:
    """What the store checks is in the address; it is the store's to refuse the rest."""
    target = await runtime.storage.upload_target("frames/a/n/0", timedelta(minutes=3))
    parts = urlsplit(target.url)
    assert parts.path == f"/{bucket.name}/office/frames/a/n/0"
    assert "X-Amz-Expires=180" in parts.query
    assert "secret" not in target.url
    assert target.method == "PUT"


def test_pages_are_told_where_photographs_go(settings: Settings, s3_endpoint: str) -> None:
    keyring = Keyring(parse_keys(settings.keys))
    assert Storage(settings, keyring).upload_origin == s3_endpoint
    options = {"region": "ap-southeast-3", "access_key_id": "id", "secret_access_key": "secret"}
    aws = settings.model_copy(update={"store_options": options})
    origin = urlsplit(Storage(aws, keyring).upload_origin or "")
    assert (origin.scheme, origin.netloc.endswith("amazonaws.com"), origin.path) == ("https", True, "")
    local = settings.model_copy(update={"store_url": ""})
    assert Storage(local, keyring).upload_origin is None


@pytest.mark.parametrize("listening", [False, True], ids=["refuses", "never answers"])
async def test_a_store_that_is_away_is_told_soon(
    settings: Settings, listening: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before whoever waits gives up: 503 is only an answer while somebody listens."""
    assert storage.STORE_ANSWER.total_seconds() <= 5
    monkeypatch.setattr(storage, "STORE_ANSWER", timedelta(seconds=0.5))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if listening:
            silent.listen()
        away = s3_settings(settings, "nowhere", f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await Storage(away, Keyring(parse_keys(settings.keys))).missing(["frames/x"], 100)
        assert time.monotonic() - began < 4
