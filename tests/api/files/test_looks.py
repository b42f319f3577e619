"""Who may look at a face, with which address, and for how long."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from api.accounts.models import Credential
from api.attendance.models import CheckIn
from api.audit.models import AuditEntry
from api.biometrics.models import FaceTemplate
from api.core.runtime import Runtime
from api.core.storage import ENLARGED
from api.files import LOOKS
from api.people.models import Employee, RoleAssignment
from tests.api.canaries import Kind
from tests.api.conftest import Ask
from tests.api.files.conftest import Send
from tests.api.oracle import Oracle
from tests.world import Person, World, jpeg, shows

pytestmark = pytest.mark.anyio

PHOTOS = "query($id: UUID!) { checkIn(id: $id) { evidence { frames { url largeUrl } template { url largeUrl } } } }"
ORIGINALS = ["accepted 0 of employee", "accepted 1 of employee", "enrolment ACTIVE of employee"]


def address(runtime: Runtime, name: str, viewer: Person, minutes: float = 5) -> str:
    return runtime.storage.look_url(
        name, str(viewer.session_id), datetime.now(UTC) + timedelta(minutes=minutes)
    )


async def test_the_addresses_given_show_the_photographs(ask: Ask, world: World, send: Send) -> None:
    looked_at = str(world["employee"].check_ins["accepted"])
    evidence = (await ask(world["supervisor"], PHOTOS, at=datetime.now(UTC), id=looked_at))["checkIn"][
        "evidence"
    ]
    photos = (*evidence["frames"], evidence["template"])
    for address in ("url", "largeUrl"):
        replies = [await send("GET", photo[address]) for photo in photos]
        for reply, original in zip(replies, ORIGINALS, strict=True):
            assert shows(reply.body, original)
            assert reply.body != jpeg(original)
            assert original.encode() not in reply.body
            assert reply.headers["content-type"] == "image/jpeg"
            assert reply.headers["cache-control"] == "private, no-store"
            assert reply.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in reply.headers["content-security-policy"]


async def test_a_signed_address_shows_only_what_the_viewer_may_see_now(
    runtime: Runtime, world: World, send: Send
) -> None:
    """Signatures are ours and right here: what decides is who the viewer is. Who looks at another's is on record."""
    for viewer in world.people.values():
        oracle = Oracle(world, viewer)
        for owner in world.people.values():
            for name, kind in photographs(owner):
                reply = await send("GET", address(runtime, name, viewer))
                looks = AuditEntry.filter(action="photograph.look", object_name=name)
                logged = await looks.filter(actor_id=viewer.employee_id, subject_id=owner.employee_id).count()
                if oracle.may(owner.key, kind):
                    assert reply.status == 200, (viewer.key, owner.key, name)
                    assert logged == (viewer is not owner), (viewer.key, owner.key, name)
                else:
                    assert reply.status == (404 if viewer.active else 403), (viewer.key, owner.key, name)
                    assert not reply.body.startswith(b"\xff\xd8")
                    assert logged == 0


def photographs(owner: Person) -> list[tuple[str, Kind]]:
    """One of each sort, by the name of its address, and the sight that it takes."""
    check_in, enrolments = owner.check_ins["accepted"], owner.enrolments
    return [
        (f"frames/{check_in}/0", Kind.FACE),
        (f"{ENLARGED}frames/{check_in}/1", Kind.FACE),
        (f"templates/{check_in}/0", Kind.FACE),
        (f"enrolments/{enrolments['awaiting']}/0", Kind.FACE),
        (f"enrolments/{enrolments['active']}/0", Kind.OWN),
        (f"enrolments/{enrolments['refused']}/0", Kind.OWN),
    ]


def test_every_sort_of_photograph_is_asked_for(world: World) -> None:
    asked = {name.removeprefix(ENLARGED).partition("/")[0] for name, _ in photographs(world["employee"])}
    assert asked == set(LOOKS)


@pytest.mark.parametrize(
    "name",
    ["frames/{id}/2", "frames/{id}/-1", "frames/{id}/zero", "frames/{id}/", "frames/{id}", "letters/{id}/0",
     "frames//0", "frames/nobody/0", "../frames/{id}/0", "", "frames/{id}/0/0"],
)  # fmt: skip
async def test_names_that_name_nothing(runtime: Runtime, world: World, send: Send, name: str) -> None:
    owner = world["employee"]
    named = name.format(id=owner.check_ins["accepted"])
    assert (await send("GET", address(runtime, named, owner))).status == 404


async def test_an_altered_address_is_refused(runtime: Runtime, world: World, send: Send) -> None:
    supervisor, owner, other = world["supervisor"], world["employee"], world["deskmate"]
    good = urlsplit(address(runtime, f"frames/{owner.check_ins['accepted']}/0", supervisor))
    query = {name: values[0] for name, values in parse_qs(good.query).items()}
    assert (await send("GET", good.geturl())).status == 200
    paths = [
        good.path.replace("/0", "/1"),
        good.path.replace(str(owner.check_ins["accepted"]), str(other.check_ins["accepted"])),
        good.path.replace("frames", "templates"),
        good.path + "\n" + query["e"],
    ]
    queries = [
        {**query, "e": str(int(query["e"]) + 1)},
        {**query, "e": "9" * 13},
        {**query, "e": "soon"},
        {**query, "e": ""},
        {**query, "v": str(world["hr_admin"].session_id)},
        {**query, "v": ""},
        {**query, "s": query["s"][::-1]},
        {**query, "s": "é" * 64},
        {**query, "s": ""},
        {},
    ]
    altered = [good._replace(path=path) for path in paths]
    altered += [good._replace(query=urlencode(changed)) for changed in queries]
    for url in altered:
        reply = await send("GET", url.geturl())
        assert (reply.status, reply.code) == (403, "LOOK_REFUSED"), url
    uploaded = (await runtime.storage.upload_target("frames/x", timedelta(minutes=1))).url
    assert (await send("GET", uploaded.replace("/uploads/", "/files/"))).status == 403


async def test_an_address_ends_when_it_says(runtime: Runtime, world: World, send: Send) -> None:
    owner = world["employee"]
    name = f"frames/{owner.check_ins['accepted']}/0"
    assert (await send("GET", address(runtime, name, owner, minutes=-0.02))).status == 403


async def role_ended(viewer: Person) -> None:
    today = datetime.now(UTC).date()
    await RoleAssignment.filter(employee_id=viewer.employee_id).update(valid_until=today - timedelta(days=2))


async def session_ended(viewer: Person) -> None:
    await Credential.filter(id=viewer.session_id).update(ended_at=datetime.now(UTC))


async def session_expired(viewer: Person) -> None:
    await Credential.filter(id=viewer.session_id).update(expires_at=datetime.now(UTC))


async def left_service(viewer: Person) -> None:
    await Employee.filter(id=viewer.employee_id).update(active=False)


@pytest.mark.parametrize(
    ("end", "status"), [(role_ended, 404), (session_ended, 403), (session_expired, 403), (left_service, 403)]
)
async def test_an_address_ends_with_the_right(
    runtime: Runtime, world: World, send: Send, end: Callable[[Person], Awaitable[None]], status: int
) -> None:
    url = address(runtime, f"frames/{world['employee'].check_ins['accepted']}/0", world["supervisor"])
    assert (await send("GET", url)).status == 200
    await end(world["supervisor"])
    assert (await send("GET", url)).status == status


async def test_every_look_at_another_face_is_in_the_trail(runtime: Runtime, world: World, send: Send) -> None:
    owner, viewer = world["employee"], world["supervisor"]
    name = f"frames/{owner.check_ins['accepted']}/0"
    noted = AuditEntry.filter(action="photograph.look")
    await send("GET", address(runtime, name, world["colleague"]))
    assert await noted.count() == 0
    await send("GET", address(runtime, name, viewer))
    [entry] = await noted
    assert (entry.actor_id, entry.subject_id, entry.object_name) == (
        viewer.employee_id,
        owner.employee_id,
        name,
    )


async def test_what_was_deleted_is_not_found(runtime: Runtime, world: World, send: Send) -> None:
    owner = world["employee"]
    check_in = await CheckIn.get(id=owner.check_ins["accepted"])
    await runtime.storage.delete(check_in.frames)
    await FaceTemplate.filter(employee_id=owner.employee_id).delete()
    for name in (f"frames/{check_in.id}/0", f"templates/{check_in.id}/0"):
        assert (await send("GET", address(runtime, name, owner))).status == 404


async def test_a_photograph_exchanged_in_the_store_is_not_shown(
    runtime: Runtime, world: World, send: Send
) -> None:
    """A sealed box opens under its own name only."""
    owner, other = world["employee"], world["deskmate"]
    mine, theirs = [await CheckIn.get(id=person.check_ins["accepted"]) for person in (owner, other)]
    store = runtime.settings.data_dir / "store"
    target = store / mine.frames[0]
    target.unlink()
    target.write_bytes((store / theirs.frames[0]).read_bytes())
    reply = await send("GET", address(runtime, f"frames/{mine.id}/0", owner))
    assert reply.status == 404
    assert b"deskmate" not in reply.body


async def test_each_viewer_sees_his_own_name_in_it(runtime: Runtime, world: World, send: Send) -> None:
    name = f"frames/{world['employee'].check_ins['accepted']}/0"
    seen = [
        (await send("GET", address(runtime, name, world[who]))).body
        for who in ("supervisor", "hr_admin", "employee")
    ]
    assert len(set(seen)) == 3
    assert all(shows(each, "accepted 0 of employee") for each in seen)


async def test_the_larger_one_is_a_look_of_its_own(runtime: Runtime, world: World, send: Send) -> None:
    viewer, owner = world["supervisor"], world["employee"]
    name = f"{ENLARGED}frames/{owner.check_ins['accepted']}/0"
    assert (await send("GET", address(runtime, name, world["colleague"]))).status == 404
    assert (await send("GET", address(runtime, name, viewer))).status == 200
    [entry] = await AuditEntry.filter(action="photograph.look")
    assert (entry.actor_id, entry.object_name) == (viewer.employee_id, name)


async def test_a_small_address_does_not_open_the_large_one(
    runtime: Runtime, world: World, send: Send
) -> None:
    small = address(runtime, f"frames/{world['employee'].check_ins['accepted']}/0", world["supervisor"])
    assert (await send("GET", small.replace("/files/", f"/files/{ENLARGED}"))).status == 403


async def test_what_is_no_picture_is_not_shown(runtime: Runtime, world: World, send: Send) -> None:
    """Until the worker has looked, anything may lie there that begins like a JPEG."""
    owner = world["employee"]
    check_in = await CheckIn.get(id=owner.check_ins["pending"])
    await runtime.storage.put(check_in.frames[0], b"\xff\xd8\xff<script>alert(1)</script>\xff\xd9")
    reply = await send("GET", address(runtime, f"frames/{check_in.id}/0", owner))
    assert reply.status == 404
    assert b"script" not in reply.body


async def test_the_person_reads_who_looked_and_nobody_else_does(
    ask: Ask, runtime: Runtime, world: World, send: Send
) -> None:
    owner, viewer = world["employee"], world["supervisor"]
    check_in = owner.check_ins["accepted"]
    for name in (f"frames/{check_in}/0", f"{ENLARGED}templates/{check_in}/0"):
        for who in (viewer, owner):
            assert (await send("GET", address(runtime, name, who))).status == 200
    looks = "{ looks(first: 2) { totalCount edges { node { by { name } kind enlarged subjectRecord } } } }"
    found = (await ask(owner, looks))["looks"]
    assert [edge["node"] for edge in found["edges"]] == [
        {"by": {"name": viewer.name}, "kind": kind, "enlarged": enlarged, "subjectRecord": str(check_in)}
        for kind, enlarged in (("REGISTERED_PHOTOGRAPH", True), ("PHOTOGRAPH", False))
    ]
    assert (await ask(viewer, looks))["looks"]["edges"] != found["edges"]
