"""What may be sent to an upload's address: one JPEG, once, in time, and not more than was said."""

import asyncio
import shutil
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from api.core.errors import NotFound
from api.core.runtime import Runtime
from tests.api.conftest import Ask
from tests.api.files.conftest import CHUNK, Send
from tests.world import World, jpeg

pytestmark = pytest.mark.anyio

START = (
    "mutation { startCheckIn(input: {kind: IN, frames: 2}) { ... on CheckInStart"
    " { uploads { key url method headers { name value } maxBytes } } } }"
)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(100)
HUGE = 200_000_000


@pytest.fixture
async def target(runtime: Runtime) -> tuple[str, str]:
    """Key and address of an upload that is awaited."""
    made = await runtime.storage.upload_target("frames/agency/nonce/0", timedelta(minutes=3))
    return made.key, made.url


async def stored(runtime: Runtime, key: str) -> bytes | None:
    try:
        return await runtime.storage.get(key)
    except NotFound:
        return None


def stream(size: int) -> Iterator[bytes]:
    """A JPEG's beginning, and then whatever follows."""
    yield jpeg("begun")[:-2].ljust(CHUNK, b"\0")
    for _ in range(size // CHUNK - 1):
        yield bytes(CHUNK)


async def test_what_the_api_says_is_what_works(ask: Ask, runtime: Runtime, world: World, send: Send) -> None:
    for number, upload in enumerate((await ask(world["employee"], START))["startCheckIn"]["uploads"]):
        headers = {header["name"].replace("-", "_"): header["value"] for header in upload["headers"]}
        reply = await send(upload["method"], upload["url"], jpeg(f"frame {number}"), **headers)
        assert reply.status == 204, reply.body
        assert await stored(runtime, upload["key"]) == jpeg(f"frame {number}")
        assert (
            jpeg(f"frame {number}")[:3]
            not in (runtime.settings.data_dir / "store" / upload["key"]).read_bytes()
        )


async def test_an_altered_or_late_address_is_refused_before_its_body_is_read(
    runtime: Runtime, send: Send, target: tuple[str, str]
) -> None:
    good = urlsplit(target[1])
    query = {name: values[0] for name, values in parse_qs(good.query).items()}
    late = await runtime.storage.upload_target(target[0], timedelta(seconds=-1))
    look = runtime.storage.look_url(target[0], "", late.expires_at + timedelta(hours=1))
    tries = [
        good._replace(path=good.path.replace("/0", "/1")).geturl(),
        good._replace(path=good.path.replace("nonce", "other")).geturl(),
        good._replace(query=urlencode({**query, "e": str(int(query["e"]) + 60)})).geturl(),
        good._replace(query=urlencode({**query, "s": "0" * 64})).geturl(),
        good._replace(query=urlencode({**query, "s": "é"})).geturl(),
        good._replace(query="").geturl(),
        late.url,
        look.replace("/files/", "/uploads/"),
    ]
    for url in tries:
        reply = await send("PUT", url, stream(CHUNK * 4))
        assert (reply.status, reply.code, reply.taken) == (403, "UPLOAD_REFUSED", 0), url
    assert (await send("POST", target[1], jpeg("x"))).status == 405
    assert await stored(runtime, target[0]) is None


async def test_the_largest_is_taken_and_one_byte_more_is_not(
    runtime: Runtime, send: Send, target: tuple[str, str]
) -> None:
    most = runtime.settings.upload_max_bytes
    key, url = target
    over = jpeg("x").ljust(most + 1, b"\0")
    declared = await send("PUT", url, over, content_length=str(len(over)))
    assert (declared.status, declared.code, declared.taken) == (413, "UPLOAD_TOO_LARGE", 0)
    for headers in ({}, {"content_length": "10"}, {"content_length": "-1"}):
        undeclared = await send("PUT", url, [over[:most], over[most:]], **headers)
        assert (undeclared.status, undeclared.code) == (413, "UPLOAD_TOO_LARGE")
    assert await stored(runtime, key) is None
    assert (await send("PUT", url, over[:most], content_length=str(most))).status == 204
    assert await stored(runtime, key) == over[:most]


async def test_200_megabytes_cost_no_more_than_the_largest_photograph(
    runtime: Runtime, send: Send, target: tuple[str, str]
) -> None:
    most = runtime.settings.upload_max_bytes
    declared = await send("PUT", target[1], stream(HUGE), content_length=str(HUGE))
    assert (declared.status, declared.taken) == (413, 0)
    tracemalloc.start()
    try:
        chunked = await send("PUT", target[1], stream(HUGE))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert chunked.status == 413
    assert chunked.taken <= most + CHUNK
    assert peak < 3 * most
    assert await stored(runtime, target[0]) is None


@pytest.mark.parametrize("length", ["many", "1e3", "0x10", "", "٣", "1" * 5000])
async def test_a_length_that_is_no_number_breaks_nothing(
    send: Send, target: tuple[str, str], length: str
) -> None:
    assert (await send("PUT", target[1], jpeg("x"), content_length=length)).status in (204, 400, 413)


@pytest.mark.parametrize(
    "body", [PNG, MP4, b"", b"GIF89a", b"<html>", b"\xff\xd8", b"\x00\xff\xd8\xff", b"HD1\x02k1" + bytes(60)]
)
async def test_only_a_jpeg_is_taken(
    runtime: Runtime, send: Send, target: tuple[str, str], body: bytes
) -> None:
    """Whatever its name and Content-Type say; also not what looks like one of our own sealed boxes."""
    reply = await send("PUT", target[1], body, content_type="image/jpeg")
    assert (reply.status, reply.code) == (415, "UPLOAD_NOT_JPEG")
    assert await stored(runtime, target[0]) is None


async def test_sending_again_changes_nothing_and_sending_other_bytes_is_refused(
    runtime: Runtime, send: Send, target: tuple[str, str]
) -> None:
    key, url = target
    for _ in range(3):
        assert (await send("PUT", url, jpeg("first"))).status == 204
    reply = await send("PUT", url, jpeg("second"))
    assert (reply.status, reply.code) == (409, "UPLOAD_REPEATED")
    assert await stored(runtime, key) == jpeg("first")


async def test_of_many_at_once_one_is_kept(runtime: Runtime, send: Send, target: tuple[str, str]) -> None:
    key, url = target
    bodies = [jpeg(f"number {number}") for number in range(8)]
    replies = await asyncio.gather(*(send("PUT", url, body) for body in bodies))
    assert sorted(reply.status for reply in replies) == [204] + [409] * 7
    [winner] = [body for body, reply in zip(bodies, replies, strict=True) if reply.status == 204]
    assert await stored(runtime, key) == winner


async def test_an_upload_that_breaks_off_leaves_nothing(
    runtime: Runtime, send: Send, target: tuple[str, str]
) -> None:
    key, url = target
    await send("PUT", url, [jpeg("half")], cut=True)
    assert await stored(runtime, key) is None
    assert (await send("PUT", url, jpeg("whole"))).status == 204


async def test_a_store_that_is_away_says_when_to_come_back(
    runtime: Runtime, send: Send, target: tuple[str, str]
) -> None:
    store = runtime.settings.data_dir / "store"
    shutil.rmtree(store)
    store.touch()  # a disk that cannot be written to, as it were
    reply = await send("PUT", target[1], jpeg("x"))
    assert (reply.status, reply.code) == (503, "UNAVAILABLE")
    assert int(reply.headers["retry-after"]) <= 5


@pytest.mark.parametrize(
    ("language", "word"), [("id,en;q=0.5", "Alamat"), ("en-GB", "address"), ("fr", "Alamat")]
)
async def test_refusals_are_in_the_reader_s_language(send: Send, language: str, word: str) -> None:
    reply = await send("PUT", "http://testserver/uploads/x?e=1&s=2", accept_language=language)
    assert word in reply.body.decode()
