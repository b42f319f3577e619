"""Keys change, and everything opens afterwards; templates are nobody else's. (GOALS S7, S8)"""

import base64
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import pytest

from api.biometrics.models import FaceTemplate
from api.biometrics.sealing import open_template
from api.core.crypto import BoxBroken, key_id_of
from api.core.errors import Unavailable
from api.core.runtime import Runtime, open_runtime
from api.core.settings import Settings
from api.core.storage import Storage
from api.rotation import Rotated, rotate
from tests.api.conftest import settings_for
from tests.api.rows import dump
from tests.world import World, vector

pytestmark = pytest.mark.anyio

NEW_KEY = f"k2:{base64.b64encode(os.urandom(32)).decode()}"
PREFIXES = ("frames", "enrolments")
JPEG = b"\xff\xd8\xff\xe0"


Opening = Callable[[str], AbstractAsyncContextManager[Runtime]]


@pytest.fixture
def opened(settings: Settings) -> Opening:
    """The same database and store under another ring."""

    @asynccontextmanager
    async def opening(keys: str) -> AsyncIterator[Runtime]:
        ours = settings_for(str(settings.database_url), str(settings.redis_url), settings.data_dir, keys)
        async with open_runtime(ours) as runtime:
            yield runtime

    return opening


async def names(runtime: Runtime) -> list[str]:
    return [name for prefix in PREFIXES for name, _ in await runtime.storage.names(prefix)]


async def everything_opens(runtime: Runtime, world: World) -> int:
    """How many things there are; each is what it was."""
    owners = {person.employee_id: key for key, person in world.people.items()}
    rows = await FaceTemplate.all()
    for row in rows:
        assert open_template(runtime, row) == vector(owners[row.employee_id])
    found = await names(runtime)
    for name in found:
        assert (await runtime.storage.get(name)).startswith(JPEG), name
    assert len(rows) == len(owners)
    assert len(found) > 3 * len(owners)
    return len(rows) + len(found)


async def key_ids(runtime: Runtime, settings: Settings) -> set[str]:
    sealed = {key_id_of(bytes(row.sealed)) for row in await FaceTemplate.all()}
    files = {name: (settings.data_dir / "store" / name).read_bytes() for name in await names(runtime)}
    return sealed | {key_id_of(data) for data in files.values()}


async def test_after_a_rotation_the_old_key_is_not_needed(
    opened: Opening, settings: Settings, world: World
) -> None:
    async with opened(f"{NEW_KEY},{settings.keys}") as both:
        count = await everything_opens(both, world)
        assert await key_ids(both, settings) == {"k1"}
        done = await rotate(both)
        assert done.templates + done.objects == count
        assert await key_ids(both, settings) == {"k2"}
        assert await rotate(both) == Rotated()
    async with opened(NEW_KEY) as new:
        assert await everything_opens(new, world) == count
    async with opened(settings.keys) as old:
        row = await FaceTemplate.all().first()
        assert row is not None
        with pytest.raises(BoxBroken):
            open_template(old, row)


class Failing(Storage):
    """A store that goes away after some work."""

    left = 20

    async def reseal(self, key: str) -> bool:
        if self.left == 0:
            raise Unavailable
        self.left -= 1
        return await super().reseal(key)


async def test_an_interrupted_rotation_goes_on_where_it_was(
    opened: Opening, settings: Settings, world: World
) -> None:
    async with opened(f"{NEW_KEY},{settings.keys}") as both:
        count = await everything_opens(both, world)
        done, interruptions = Rotated(), 0
        while True:
            failing = Failing(both.settings, both.keyring)
            failing.left += 20 * interruptions  # what is done already is looked at again
            try:
                await rotate(replace(both, storage=failing))
                break
            except Unavailable:
                interruptions += 1
            assert await key_ids(both, settings) == {"k1", "k2"}
            assert await everything_opens(both, world) == count, "half of it under each key is as good"
        assert interruptions > 3
        assert await rotate(both) == done, "nothing was left"
    async with opened(NEW_KEY) as new:
        assert await everything_opens(new, world) == count


async def test_a_template_put_into_another_row_does_not_open(runtime: Runtime, world: World) -> None:
    mine = await FaceTemplate.get(employee_id=world["employee"].employee_id)
    theirs = await FaceTemplate.get(employee_id=world["deskmate"].employee_id)
    mine.sealed, theirs.sealed = theirs.sealed, mine.sealed
    for row in (mine, theirs):
        await row.save()
        with pytest.raises(BoxBroken):
            open_template(runtime, await FaceTemplate.get(id=row.id))


async def test_a_template_given_to_somebody_else_does_not_open(runtime: Runtime, world: World) -> None:
    mine = await FaceTemplate.get(employee_id=world["employee"].employee_id)
    await FaceTemplate.filter(id=mine.id).update(employee_id=world["deskmate"].employee_id)
    with pytest.raises(BoxBroken):
        open_template(runtime, await FaceTemplate.get(id=mine.id))


async def test_neither_faces_nor_templates_lie_about(
    runtime: Runtime, settings: Settings, world: World
) -> None:
    """A dump of the database and every file of the store, searched."""
    files = [path.read_bytes() for path in (settings.data_dir / "store").rglob("*") if path.is_file()]
    assert len(files) == len(await names(runtime)), "what the store does not list is not rotated either"
    rows = str(await dump())
    wanted = [JPEG, b"JFIF", *(vector(key)[at : at + 16] for key in world.people for at in (0, 512, 2_032))]
    for secret in wanted:
        assert not any(secret in data for data in files)
        assert secret.hex() not in rows
        assert base64.b64encode(secret).decode().rstrip("=")[:-1] not in rows
