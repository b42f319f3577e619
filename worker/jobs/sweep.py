"""Once an hour: what nobody will ask for again goes. An object that a row names is never touched."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from api.attendance.service import replays
from api.attendance.service.by_hand import RECORDED, UPLOADS
from api.attendance.service.retention import periods_of
from api.attendance.service.start import frame_folder
from api.biometrics import erasure
from api.biometrics.search import write_missing
from api.biometrics.service import PURGE
from api.core import database, outbox
from api.people.models import Agency
from worker.jobs.kind import Tools

log = structlog.get_logger()

BATCH = 500
#: Vectors of templates an hour: about 15 s of work.
MOST_VECTORS = 20_000
#: Folders looked into at the same time.
AT_ONCE = 50
#: Seconds for each part; what is left waits for the next hour.
BUDGET = 15.0

#: A nonce that was never spent is of no use once expired; a spent one keeps its row for a day, for whoever asks
#: why a second submission was turned away.
NONCES = """
SELECT id, agency_id, employee_id, digest FROM check_in_nonce
 WHERE expires_at < now() - interval '1 hour' AND (spent_at IS NULL OR expires_at < now() - interval '1 day')
 ORDER BY expires_at LIMIT $1
"""
#: Of these frames, those that none of the person's check-ins names.
UNNAMED_FRAMES = """
SELECT frame.key FROM unnest($1::text[], $2::uuid[]) AS frame(key, employee_id)
 WHERE NOT EXISTS (SELECT FROM check_in WHERE check_in.employee_id = frame.employee_id AND frames ? frame.key)
"""
UNNAMED_PHOTOS = """
SELECT photo.key FROM unnest($1::text[], $2::uuid[]) AS photo(key, employee_id)
 WHERE NOT EXISTS (SELECT FROM enrolment WHERE enrolment.employee_id = photo.employee_id
                      AND photos @> jsonb_build_array(jsonb_build_object('key', photo.key)))
"""
CREDENTIALS = """
WITH old AS (SELECT id FROM credential WHERE least(expires_at, ended_at) < now() - interval '30 days' LIMIT $1)
DELETE FROM credential USING old WHERE credential.id = old.id RETURNING credential.id
"""
#: Nobody writes at one photograph for so long.
UNFINISHED_AGE = timedelta(minutes=30)


async def sweep(context: dict[Any, Any]) -> None:
    """arq's function. Safe to run twice, also at once."""
    tools: Tools = context["tools"]
    log.info(
        "sweep.done",
        nonces=await _nonces(tools),
        photographs=await _orphaned_photographs(tools),
        desk=await _unused_at_the_desk(tools),
        credentials=await _credentials(),
        prints=await _prints(tools),
        erasures_overdue=await _erasures(tools),
        vectors=await write_missing(tools.runtime, most=MOST_VECTORS),
    )


async def _nonces(tools: Tools) -> int:
    until, count = time.monotonic() + BUDGET, 0
    while time.monotonic() < until:
        batch = await database.rows(NONCES, BATCH)
        for start in range(0, len(batch), AT_ONCE):
            owners = await _frames_of(tools, batch[start : start + AT_ONCE])
            await _delete_unnamed(tools, UNNAMED_FRAMES, owners)
        await database.rows(
            "DELETE FROM check_in_nonce WHERE id = ANY($1::uuid[]) RETURNING id", [row["id"] for row in batch]
        )
        count += len(batch)
        if len(batch) < BATCH:
            break
    return count


async def _orphaned_photographs(tools: Tools) -> int:
    """Photographs that were sent and never enrolled."""
    now = datetime.now(UTC)
    await tools.runtime.storage.delete_unfinished(["enrolments"], now - UNFINISHED_AGE)
    old = await _older_than_kept(tools, "enrolments/{agency}", now)
    return await _delete_unnamed_of(tools, UNNAMED_PHOTOS, old, 2)


async def _delete_unnamed_of(tools: Tools, statement: str, keys: Sequence[str], place: int) -> int:
    """Whose each is stands in its name, at this place."""
    count = 0
    for start in range(0, len(keys), BATCH):
        owners = {key: owner for key in keys[start : start + BATCH] if (owner := _owner_of(key, place))}
        count += await _delete_unnamed(tools, statement, owners)
    return count


async def _delete_unnamed(tools: Tools, statement: str, owners: dict[str, UUID]) -> int:
    """Delete those of the objects, each with whose it would be, that no row of that person names."""
    unnamed = await database.rows(statement, list(owners), list(owners.values()))
    await tools.runtime.storage.delete([row["key"] for row in unnamed])
    return len(unnamed)


async def _frames_of(tools: Tools, nonces: Sequence[database.Row]) -> dict[str, UUID]:
    """What was sent under these nonces, and what was copied of it, with whose it is."""
    folders = [frame_folder(nonce["agency_id"], bytes(nonce["digest"])) for nonce in nonces]
    await tools.runtime.storage.delete_unfinished(folders, datetime.now(UTC) - UNFINISHED_AGE)
    found = await asyncio.gather(*(tools.runtime.storage.names(folder) for folder in folders))
    return {key: nonce["employee_id"] for nonce, keys in zip(nonces, found, strict=True) for key, _ in keys}


async def _unused_at_the_desk(tools: Tools) -> int:
    """Sent for a record by hand that nobody made, and copies of it from records that broke off."""
    now = datetime.now(UTC)
    waiting = await _older_than_kept(tools, UPLOADS + "/{agency}", now)
    await tools.runtime.storage.delete(waiting)
    copies = await _older_than_kept(tools, "frames/{agency}/" + RECORDED, now)
    return len(waiting) + await _delete_unnamed_of(tools, UNNAMED_FRAMES, copies, 3)


async def _older_than_kept(tools: Tools, folder: str, now: datetime) -> list[str]:
    """Names in a folder of each agency that are older than the agency keeps what was sent and never used."""
    found: list[str] = []
    for agency in await Agency.all():
        try:
            before = now - timedelta(days=(await periods_of(agency.id, now)).unused_uploads)
        except ValueError as error:
            log.error("sweep.rule_unreadable", agency=str(agency.id), reason=str(error))
            continue
        lying = await tools.runtime.storage.names(folder.format(agency=agency.id))
        found += [key for key, changed in lying if changed < before]
    return found


def _owner_of(key: str, place: int) -> UUID | None:
    """From enrolments/agency/employee/… and the like; what has another form was not put there by us and stays."""
    parts = key.split("/")
    try:
        return UUID(parts[place])
    except (IndexError, ValueError):
        return None


async def _prints(tools: Tools) -> int:
    """Those that are too old to be compared. An agency whose rule cannot be read keeps its own, and it is said."""
    count = 0
    for agency in await Agency.all():
        try:
            while gone := await replays.expire(agency.id, tools.clock(), BATCH):
                count += gone
        except ValueError as error:
            log.error("sweep.rule_unreadable", agency=str(agency.id), reason=str(error))
    return count


async def _credentials() -> int:
    count = 0
    while len(gone := await database.rows(CREDENTIALS, BATCH)) == BATCH:
        count += len(gone)
    return count + len(gone)


async def _erasures(tools: Tools) -> int:
    """Promised and not complete: asked for again where nobody does, and told where the hour is over."""
    for employee_id in await erasure.forgotten(PURGE):
        async with database.transaction() as using:
            await outbox.record(using, PURGE, employee_id)
        tools.runtime.events.work(PURGE)
    late = await erasure.overdue(tools.clock())
    if late:
        log.error("erasures.overdue", count=late)
    return late
