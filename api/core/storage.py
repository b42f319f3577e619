"""Photographs and other files: sealed objects in a store (a folder, or anything that speaks S3).

On a folder, the phone uploads to a signed address of our own, the bytes are sealed as they arrive, and what lies
there is never exchanged. On S3 the phone uploads to a presigned address, straight to the bucket, and until that
expires it can send something else: so a photograph is taken by copying it, inside the store, to a name for which
no address was ever made. The worker seals the copy in its place when it has read it. Either way a photograph
crosses the network once.
"""

import asyncio
import os
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import LocalStore, S3Store

from api.core.crypto import Keyring, is_sealed
from api.core.errors import NotFound, Unavailable, UploadMissing
from api.core.settings import Settings

UPLOAD_PATH = "/uploads/"
FILE_PATH = "/files/"
#: Before a photograph's name: shown larger, by a look of its own.
ENLARGED = "large/"
#: How long a store may take, twice at most: the default, three minutes, outlives whoever waits for an answer.
STORE_CONNECT, STORE_ANSWER = timedelta(seconds=2), timedelta(seconds=5)
#: A sealed box is a little larger than its content, in bytes.
SEAL_ROOM = 128
#: Between an upload's name and what makes the name of its copy; in no upload's name.
TAKEN = "."


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """Where and how one photograph is to be sent: raw bytes, by `method`, with `headers`."""

    key: str
    url: str
    method: str
    headers: dict[str, str]
    expires_at: datetime


class Storage:
    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        self._settings = settings
        self._keyring = keyring
        self._store: LocalStore | S3Store = _open_store(settings)

    @property
    def upload_origin(self) -> str | None:
        """Origin that pages must be allowed to send to; None when uploads come to our own."""
        endpoint = self._settings.store_options.get("endpoint")
        if isinstance(self._store, LocalStore):
            return None
        parts = urlsplit(endpoint or obstore.sign(self._store, "PUT", "x", timedelta(seconds=1)))
        return f"{parts.scheme}://{parts.netloc}"

    async def upload_target(self, key: str, lifetime: timedelta) -> UploadTarget:
        expires_at = datetime.now(UTC) + lifetime
        headers = {"Content-Type": "image/jpeg"}
        if isinstance(self._store, LocalStore):
            return UploadTarget(key, self._own_url(UPLOAD_PATH, key, expires_at), "PUT", headers, expires_at)
        url = await obstore.sign_async(self._store, "PUT", key, lifetime)
        return UploadTarget(key, url, "PUT", headers, expires_at)

    def look_url(self, name: str, viewer_id: str, expires_at: datetime) -> str:
        """An address of our own at which one viewer may look until `expires_at`; serving it asks his rights
        again and logs the look."""
        return self._own_url(FILE_PATH, name, expires_at, viewer=viewer_id)

    def admits(self, path: str, key: str, expires: str, viewer: str, signature: str) -> bool:
        if not expires.isdecimal() or len(expires) > 12 or int(expires) < time.time():
            return False
        return self._keyring.verify(_message(path, key, int(expires), viewer), signature)

    async def put(self, key: str, data: bytes) -> None:
        """Seal and store under a name; what lay there is replaced whole or not at all."""
        sealed = self._keyring.seal(data, belongs_to=key)
        try:
            await obstore.put_async(self._store, key, sealed)
        except (BaseError, OSError) as error:
            raise Unavailable from error

    async def put_once(self, key: str, data: bytes) -> bool:
        """Seal and store where nothing lies yet; True also when the very same lies there, so that a lost answer
        can be asked for again, False when something else does: evidence is not exchanged."""
        sealed = self._keyring.seal(data, belongs_to=key)
        try:
            await obstore.put_async(self._store, key, sealed, mode="create")
        except AlreadyExistsError:
            return await self.get(key) == data
        except (BaseError, OSError) as error:
            raise Unavailable from error
        return True

    async def get(self, key: str) -> bytes:
        """The plain bytes; NotFound when there is no such object."""
        return (await self.read(key))[0]

    async def read(self, key: str, most_bytes: int | None = None) -> tuple[bytes, bool]:
        """The plain bytes, and whether they lay sealed; NotFound also when there are more than `most_bytes`."""
        data = await self._raw(key, most_bytes)
        if is_sealed(data):
            return self._keyring.open(data, belongs_to=key), True
        return data, False

    async def reseal(self, key: str) -> bool:
        """Seal under the newest key what is not; True when there was something to do. An upload that waits to
        be taken is left alone: a sealed one would not open under its copy's name."""
        data = await self._raw(key)
        if not is_sealed(data) and self._waits(key):
            return False
        newest = self._keyring.seal(b"", belongs_to="")[: 4 + len(self._keyring.newest)]
        if data.startswith(newest):
            return False
        await self.put(key, self._keyring.open(data, belongs_to=key) if is_sealed(data) else data)
        return True

    async def take(self, uploads: list[str], most_bytes: int) -> list[str]:
        """Names, in the same order, under which these photographs lie from now on and nobody can exchange them.

        UploadMissing when one has not arrived, or is empty or larger than allowed.
        """
        if await self.missing(uploads, most_bytes):
            raise UploadMissing
        if isinstance(self._store, LocalStore):
            return uploads
        taken = [f"{upload}{TAKEN}{secrets.token_hex(16)}" for upload in uploads]
        pairs = zip(uploads, taken, strict=True)
        try:
            await asyncio.gather(*(obstore.copy_async(self._store, *pair) for pair in pairs))
        except (NotFoundError, FileNotFoundError) as error:
            raise UploadMissing from error
        except (BaseError, OSError) as error:
            raise Unavailable from error
        return taken

    async def untake(self, taken: list[str]) -> None:
        """Nothing came of it: the copies go, where there are any, and the uploads stay."""
        await self.delete([name for name in taken if self._upload_of(name)])

    async def forget_upload(self, taken: str) -> None:
        """What a photograph was copied from goes, if it was."""
        if upload := self._upload_of(taken):
            await self.delete([upload])

    def _waits(self, name: str) -> bool:
        return not isinstance(self._store, LocalStore) and TAKEN not in name

    def _upload_of(self, name: str) -> str:
        """Empty for what is itself an upload, and on a folder, where there are no copies."""
        return "" if isinstance(self._store, LocalStore) else name.rpartition(TAKEN)[0]

    async def missing(self, keys: list[str], most_bytes: int) -> list[str]:
        """Those of the keys at which nothing lies, or something empty or larger than allowed."""
        absent = []
        for key in keys:
            try:
                size = await self._size(key)
            except (NotFoundError, FileNotFoundError):
                size = 0
            except (BaseError, OSError) as error:
                raise Unavailable from error
            if not 0 < size <= most_bytes + SEAL_ROOM:
                absent.append(key)
        return absent

    async def _size(self, key: str) -> int:
        if isinstance(self._store, LocalStore):  # a look into a folder is not worth waking another thread for
            return os.stat(f"{self._store.prefix}/{key}").st_size
        return int((await obstore.head_async(self._store, key))["size"])

    async def delete(self, keys: list[str]) -> None:
        """Together, which S3 takes a thousand a request; one that is gone already is no error."""
        if keys and not await self._deleted(keys):  # how far it came before the missing one is not told
            for key in keys:
                await self._deleted(key)

    async def _deleted(self, keys: str | list[str]) -> bool:
        """False where one of them was not there."""
        try:
            await obstore.delete_async(self._store, keys)
        except (NotFoundError, FileNotFoundError):
            return False
        except (BaseError, OSError) as error:
            raise Unavailable from error
        return True

    async def delete_unfinished(self, prefixes: Sequence[str], before: datetime) -> None:
        """What a process that was killed has left half written under these prefixes. A folder only: S3 keeps
        nothing of a request that broke off."""
        if isinstance(self._store, LocalStore):
            folders = [Path(f"{self._store.prefix}/{prefix}") for prefix in prefixes]
            await asyncio.to_thread(_delete_unfinished, folders, before.timestamp())

    async def names(self, prefix: str) -> list[tuple[str, datetime]]:
        """Names and ages of the objects under a prefix."""
        found: list[tuple[str, datetime]] = []
        try:
            async for page in obstore.list(self._store, prefix):
                found.extend((meta["path"], meta["last_modified"]) for meta in page)
        except (BaseError, OSError) as error:
            raise Unavailable from error
        return found

    async def _raw(self, key: str, most_bytes: int | None = None) -> bytes:
        try:
            answer = await obstore.get_async(self._store, key)
            if most_bytes is not None and answer.meta["size"] > most_bytes + SEAL_ROOM:
                raise NotFound
            return bytes(await answer.bytes_async())
        except (NotFoundError, FileNotFoundError) as error:
            raise NotFound from error
        except (BaseError, OSError) as error:
            raise Unavailable from error

    def _own_url(self, path: str, key: str, expires_at: datetime, viewer: str = "") -> str:
        expires = int(expires_at.timestamp())
        query = {"e": expires, "s": self._keyring.sign(_message(path, key, expires, viewer))}
        if viewer:
            query["v"] = viewer
        return f"{self._settings.base_url}{path}{quote(key)}?{urlencode(query)}"


def _message(path: str, key: str, expires: int, viewer: str) -> str:
    return "\n".join((path, key, str(expires), viewer))


def _delete_unfinished(folders: Sequence[Path], before: float) -> None:
    """LocalStore writes `name#1` (or a higher number) beside `name` and renames it; no listing shows it."""
    for path in (path for folder in folders for path in folder.rglob("*#*")):
        with suppress(FileNotFoundError):  # it was finished, or another sweep was here
            if path.name.rpartition("#")[2].isdecimal() and path.stat().st_mtime < before:
                path.unlink()


def _open_store(settings: Settings) -> LocalStore | S3Store:
    if settings.store_url.startswith("s3://"):
        options = dict(settings.store_options)
        plain = options.get("endpoint", "").startswith("http://")
        parts = urlsplit(settings.store_url)
        return S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            client_options={"allow_http": plain, "connect_timeout": STORE_CONNECT, "timeout": STORE_ANSWER},
            retry_config={"max_retries": 1, "retry_timeout": STORE_ANSWER},
            **options,  # type: ignore[arg-type]
        )
    folder = Path(urlsplit(settings.store_url).path) if settings.store_url else settings.data_dir / "store"
    folder.mkdir(parents=True, exist_ok=True)
    return LocalStore(folder.resolve())
