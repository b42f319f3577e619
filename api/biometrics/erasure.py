"""What a withdrawal takes away, and the receipt for it.

A receipt is written when everything is gone. It says what there was, when it was asked for and when it was gone;
its digest stands in the audit trail, under the number that the person is given: who would alter the receipt
afterwards would have to alter the chain.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from tortoise.backends.base.client import BaseDBAsyncClient

from api.audit import service as audit
from api.biometrics.models import ErasedKind, Erasure
from api.core import database

#: After which an erasure that is not complete is somebody's business.
PROMISED = timedelta(hours=1)
#: What lies under a folder of the store is of this kind.
KINDS = {"enrolments": ErasedKind.ENROLMENT_PHOTOGRAPHS, "frames": ErasedKind.CHECK_IN_PHOTOGRAPHS}
ACTION = "consent.erased"

OVERDUE = "SELECT count(*) AS n FROM erasure WHERE gone_at IS NULL AND asked_at < $1"
#: Somebody struck the work out without doing it.
FORGOTTEN = """
SELECT employee_id FROM erasure WHERE gone_at IS NULL
   AND NOT EXISTS (SELECT FROM outbox WHERE outbox.job = $1 AND subject_id = erasure.employee_id)
"""


async def ask(
    using: BaseDBAsyncClient, agency_id: UUID, employee_id: UUID, now: datetime, templates: int
) -> None:
    """Promise it, in the transaction that took the templates away. Asked twice before it is done, it is one."""
    row = await _open(using, employee_id) or _new(agency_id, employee_id, now)
    _add(row, ErasedKind.TEMPLATES, templates)
    await row.save(using_db=using)


async def take(
    using: BaseDBAsyncClient,
    agency_id: UUID,
    employee_id: UUID,
    now: datetime,
    names: Iterable[str],
    prints: int,
) -> list[str]:
    """Write down what is to go, in the transaction that lets go of it: nothing else names it any more. What is
    to go by now, with what earlier attempts left."""
    found = sorted(names)
    row = await _open(using, employee_id)
    if row is None and not found and not prints:
        return []
    row = row or _new(agency_id, employee_id, now)
    row.left_names = sorted({*row.left_names, *found})
    _add(row, ErasedKind.PRINTS, prints)
    await row.save(using_db=using)
    return row.left_names


async def complete(using: BaseDBAsyncClient, employee_id: UUID, now: datetime) -> Erasure | None:
    """Everything that was written down is gone: the receipt. None where nothing was promised."""
    row = await _open(using, employee_id)
    if row is None:
        return None
    for name in row.left_names:
        _add(row, KINDS[name.partition("/")[0]], 1)
    row.gone_at, row.left_names = now, []
    row.digest = digest_of(row)
    entry = await audit.append(using, row.agency_id, None, ACTION, employee_id, row.digest.hex())
    row.number = entry.number
    await row.save(using_db=using)
    return row


def digest_of(row: Erasure) -> bytes:
    """SHA-256 over the receipt's content in a fixed order; the number is that of the entry that holds this."""
    assert row.gone_at is not None
    content = [
        str(row.id),
        str(row.agency_id),
        str(row.employee_id),
        row.asked_at.isoformat(timespec="microseconds"),
        row.gone_at.isoformat(timespec="microseconds"),
        sorted(row.counts.items()),
    ]
    return hashlib.sha256(orjson.dumps(content)).digest()


async def overdue(now: datetime) -> int:
    """How many were promised more than an hour ago and are not complete."""
    found = await database.rows(OVERDUE, now - PROMISED)
    return int(found[0]["n"])


async def forgotten(job: str) -> list[UUID]:
    """Whose erasure is promised and no longer asked for."""
    return [row["employee_id"] for row in await database.rows(FORGOTTEN, job)]


async def _open(using: BaseDBAsyncClient, employee_id: UUID) -> Erasure | None:
    found = Erasure.filter(employee_id=employee_id, gone_at__isnull=True).using_db(using)
    return await found.select_for_update().first()


def _new(agency_id: UUID, employee_id: UUID, now: datetime) -> Erasure:
    return Erasure(agency_id=agency_id, employee_id=employee_id, asked_at=now)


def _add(row: Erasure, kind: ErasedKind, number: int) -> None:
    if number:
        row.counts = {**row.counts, kind.value: row.counts.get(kind.value, 0) + number}
