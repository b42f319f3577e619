"""Photographs that were sent before: what is kept of each, and which earlier ones a frame could be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nsmallest
from uuid import UUID

from api.attendance.models import CheckIn
from api.biometrics.models import Enrolment, Purpose
from api.biometrics.rules import FaceThresholds
from api.core import database
from api.core.identity import new_id
from api.people import service as people
from api.people.models import RuleTopic

#: So many bytes of a print are compared bit by bit; the rest is the worker's own.
SIGNS = 32
#: Of the earlier frames that one could be, so many are looked at; of a burst's frames but its first, one: what was
#: sent as a burst before has its first frame too.
NEAREST = 4

#: The consent is locked, so that its withdrawal comes wholly before (no print) or wholly after (it takes ours away).
_KEEP = """
WITH agreed AS (
    SELECT id FROM consent WHERE employee_id = $3 AND purpose = $4 AND withdrawn_at IS NULL FOR SHARE
)
INSERT INTO frame_print (id, agency_id, employee_id, {of}, frame, received_at, digest, print)
SELECT mark.id, $2, $3, $1, mark.frame, $5, mark.digest, CASE WHEN EXISTS (SELECT FROM agreed) THEN mark.print END
  FROM unnest($6::uuid[], $7::smallint[], $8::bytea[], $9::bytea[]) AS mark(id, frame, digest, print)
ON CONFLICT ({of}, frame) DO NOTHING
"""
KEEP_FRAMES = _KEEP.format(of="check_in_id")
KEEP_PHOTOS = _KEEP.format(of="enrolment_id")

SAME = """
SELECT check_in_id FROM frame_print
 WHERE agency_id = $1 AND digest = ANY($2::bytea[]) AND check_in_id IS DISTINCT FROM $3
 ORDER BY received_at LIMIT 1
"""

#: What holds now as the person's face is compared however old it is: who has the picture may wait.
PRINTS = """
SELECT p.check_in_id, p.print, coalesce(c.frames ->> p.frame::int, e.photos -> p.frame::int ->> 'key') AS key
  FROM frame_print p LEFT JOIN check_in c ON c.id = p.check_in_id LEFT JOIN enrolment e ON e.id = p.enrolment_id
 WHERE p.employee_id = $1 AND p.check_in_id IS DISTINCT FROM $2 AND p.print IS NOT NULL
   AND (p.received_at >= $3 OR e.state IN ('PENDING', 'AWAITING', 'ACTIVE'))
"""

EXPIRE = """
WITH old AS (
    SELECT p.id FROM frame_print p LEFT JOIN enrolment e ON e.id = p.enrolment_id
     WHERE p.agency_id = $1 AND p.received_at < $2 AND p.print IS NOT NULL
       AND coalesce(e.state, '') NOT IN ('PENDING', 'AWAITING', 'ACTIVE')
     ORDER BY p.received_at LIMIT $3
)
UPDATE frame_print SET print = NULL FROM old WHERE frame_print.id = old.id RETURNING frame_print.id
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """One photograph in hand; `print` and its signs as the mirror shows them, or None for both."""

    frame: int
    digest: bytes
    print: bytes | None
    mirrored: bytes | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """Where a photograph was before."""

    check_in_id: UUID | None  #: None: in an enrolment


@dataclass(frozen=True, slots=True)
class Suspect(Earlier):
    """An earlier photograph that a frame could be, by the name of its object, with what was kept of its print."""

    frame: int
    key: str
    print: bytes


async def keep(check_in: CheckIn, marks: Sequence[Mark]) -> None:
    """Committed before anybody looks for replays: of two equal submissions at once, the later looker finds the
    earlier, or each the other. Safe to repeat."""
    await _keep(KEEP_FRAMES, check_in, check_in.received_at, marks)


async def keep_enrolled(enrolment: Enrolment, marks: Sequence[Mark]) -> None:
    """Before the photographs count as the person's face: presented at a check-in, they are known. Safe to repeat."""
    await _keep(KEEP_PHOTOS, enrolment, enrolment.created_at, marks)


async def _keep(statement: str, of: CheckIn | Enrolment, at: datetime, marks: Sequence[Mark]) -> None:
    await database.rows(
        statement,
        of.id,
        of.agency_id,
        of.employee_id,
        Purpose.FACE_RECOGNITION.value,
        at,
        [new_id() for _ in marks],
        [mark.frame for mark in marks],
        [mark.digest for mark in marks],
        [mark.print for mark in marks],
    )


async def same(check_in: CheckIn, marks: Sequence[Mark]) -> Earlier | None:
    """Where one of these very files was first in the agency, whosever."""
    digests = [mark.digest for mark in marks]
    found = await database.rows(SAME, check_in.agency_id, digests, check_in.id)
    return Earlier(found[0]["check_in_id"]) if found else None


async def suspects(check_in: CheckIn, marks: Sequence[Mark], limits: FaceThresholds) -> list[Suspect]:
    """The person's own earlier photographs that these could be, the likeliest of each frame first."""
    since = check_in.received_at - timedelta(days=limits.replay_window_days)
    rows = await database.rows(PRINTS, check_in.employee_id, check_in.id, since)
    signs = [_signs(row["print"]) for row in rows]
    return [
        Suspect(rows[place]["check_in_id"], mark.frame, rows[place]["key"], bytes(rows[place]["print"]))
        for mark in marks
        for place in _nearest(
            mark, signs, limits.replay_signs, 1 if check_in.moves and mark.frame else NEAREST
        )
    ]


async def expire(agency_id: UUID, now: datetime, most: int) -> int:
    """Take away prints that are older than the agency compares; at most so many. How many went.

    ValueError where the agency's rule cannot be read: then nothing goes.
    """
    parameters = await people.rule(agency_id, RuleTopic.FACE, now.date())
    window = timedelta(days=FaceThresholds.from_mapping(parameters).replay_window_days)
    return len(await database.rows(EXPIRE, agency_id, now - window, most))


def _nearest(mark: Mark, earlier: Sequence[int], most: int, number: int) -> list[int]:
    """Places of the earlier signs that differ least from this one's, as they are or mirrored, and not too much."""
    if mark.print is None or mark.mirrored is None:
        return []
    looks = _signs(mark.print), _signs(mark.mirrored)
    differing = (
        (min((look ^ signs).bit_count() for look in looks), place) for place, signs in enumerate(earlier)
    )
    return [place for signs, place in nsmallest(number, differing) if signs <= most]


def _signs(kept: bytes) -> int:
    return int.from_bytes(kept[:SIGNS], "big")
