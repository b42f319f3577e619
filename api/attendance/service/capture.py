"""Whether a submission's nonce and the times of its frames are those of pictures taken now, for this check-in."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

from api.core import database
from api.core.context import Actor
from api.core.errors import (
    CaptureAhead,
    CaptureEarly,
    CaptureMissing,
    CaptureTooLong,
    CaptureUnordered,
    HadirError,
    InvalidInput,
    NonceExpired,
    NonceSpent,
    NonceUnusable,
)

#: By how much the device may be wrong about the server's time, which it was told with the nonce.
SLACK = timedelta(seconds=2)
#: Three moves are led through in some seven seconds; a slow phone takes longer between its frames.
LONGEST_BURST = timedelta(seconds=30)

NONCE = """
SELECT spent_at, expires_at, issued_at, jsonb_array_length(moves) AS moves FROM check_in_nonce
 WHERE digest = $1 AND employee_id = $2
"""


class Times(Protocol):
    """The part of a submission that is looked at here."""

    @property
    def frames(self) -> list[str]: ...

    @property
    def captured(self) -> list[datetime]: ...


def check_times(sent: Times, now: datetime) -> None:
    """InvalidInput or CaptureUnusable where the times cannot be those of these frames, whatever the nonce."""
    times = sent.captured
    if not times:
        return
    if len(times) != len(sent.frames):
        raise InvalidInput("capturedAt", "COUNT_RANGE", least=len(sent.frames), most=len(sent.frames))
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise CaptureUnordered
    if times[-1] > now + SLACK:
        raise CaptureAhead
    if times[-1] - times[0] > LONGEST_BURST:
        raise CaptureTooLong


def earliest_nonce(sent: Times) -> datetime | None:
    """A nonce that asks for moves must have been given before this; None where the frames have no times."""
    return sent.captured[0] + SLACK if sent.captured else None


async def nonce_problem(actor: Actor, digest: bytes, sent: Times, now: datetime) -> HadirError:
    """Why a nonce did not admit a submission. Of somebody else's nothing is told."""
    found = await database.rows(NONCE, digest, actor.employee_id)
    if not found:
        return NonceUnusable()
    nonce = found[0]
    if nonce["spent_at"] is not None:
        return NonceSpent()
    if nonce["expires_at"] <= now:
        return NonceExpired()
    if nonce["moves"] and not sent.captured:
        return CaptureMissing()
    first = earliest_nonce(sent)
    return CaptureEarly() if nonce["moves"] and first and first < nonce["issued_at"] else NonceUnusable()
