"""Writing the trail: every entry is chained to the one before it, so that none between others can be changed
or taken out unnoticed. A cut-off end is told only by a number and digest noted down elsewhere: `hadir audit`."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson
from tortoise.backends.base.client import BaseDBAsyncClient

from api.audit.models import AuditEntry
from api.core import database
from api.core.context import Actor
from api.core.identity import new_id


async def note(
    actor: Actor,
    action: str,
    *,
    subject_id: UUID | None = None,
    object_name: str = "",
    using: BaseDBAsyncClient | None = None,
) -> None:
    """Append an entry, in the caller's transaction when `using` is given."""
    if using is None:
        async with database.transaction() as own:
            await note(actor, action, subject_id=subject_id, object_name=object_name, using=own)
        return
    await append(using, actor.agency_id, actor.employee_id, action, subject_id, object_name)


async def append(
    using: BaseDBAsyncClient,
    agency_id: UUID,
    actor_id: UUID | None,
    action: str,
    subject_id: UUID | None,
    object_name: str,
) -> AuditEntry:
    """As `note`; without an actor where the program did it by a rule."""
    # One writer an agency at a time; held until the commit, so looks and decisions only, never check-ins.
    await using.execute_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [str(agency_id)])
    last = await AuditEntry.filter(agency_id=agency_id).using_db(using).order_by("-number").first()
    entry = AuditEntry(
        id=new_id(),
        agency_id=agency_id,
        number=last.number + 1 if last else 1,
        at=datetime.now(UTC),
        actor_id=actor_id,
        action=action,
        subject_id=subject_id,
        object_name=object_name,
    )
    entry.digest = chained(bytes(last.digest) if last else b"", entry)
    await entry.save(using_db=using, force_create=True)
    return entry


def chained(previous: bytes, entry: AuditEntry) -> bytes:
    """SHA-256 over the previous digest and the entry's content in a fixed order."""
    content = [
        str(entry.agency_id),
        str(entry.id),
        entry.number,
        entry.at.isoformat(timespec="microseconds"),
        str(entry.actor_id),
        entry.action,
        str(entry.subject_id),
        entry.object_name,
    ]
    return hashlib.sha256(previous + orjson.dumps(content)).digest()


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of an agency's trail."""

    agency_id: UUID
    short_name: str
    number: int
    digest: bytes


async def heads() -> list[Head]:
    found = await database.rows(
        "SELECT DISTINCT ON (e.agency_id) e.agency_id, a.short_name, e.number, e.digest "
        "FROM audit_entry e JOIN agency a ON a.id = e.agency_id ORDER BY e.agency_id, e.number DESC"
    )
    return [Head(row["agency_id"], row["short_name"], row["number"], bytes(row["digest"])) for row in found]


async def last_before(agency_id: UUID, moment: datetime) -> int | None:
    """Number of the last entry from before a moment."""
    found = AuditEntry.filter(agency_id=agency_id, at__lt=moment).order_by("-number")
    row = await found.first()
    return row.number if row else None


async def first_break(agency_id: UUID) -> int | None:
    """Number of the first entry that does not follow from the one before it; None when the chain holds."""
    previous, number = b"", 0
    async for entry in AuditEntry.filter(agency_id=agency_id).order_by("number"):
        number += 1
        if entry.number != number or bytes(entry.digest) != chained(previous, entry):
            return number
        previous = bytes(entry.digest)
    return None
