"""Permission to check in: a nonce, and an address for each photograph."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from api.attendance.models import CheckInKind, CheckInNonce
from api.attendance.service.tries import require_patience
from api.biometrics import service as biometrics
from api.core.context import Context
from api.core.errors import InvalidInput
from api.core.storage import UploadTarget

#: 256 bits; NIST SP 800-63B asks for 64, an attacker's patience for more.
NONCE_BYTES = 32
#: Long enough for one bar of signal, short enough that a picture must be taken now.
LIFETIME = timedelta(seconds=180)
MOST_FRAMES = 8
STARTS_PER_PERSON = "20/minute"


@dataclass(frozen=True, slots=True)
class Started:
    nonce: str
    kind: CheckInKind
    server_time: datetime
    expires_at: datetime
    uploads: list[UploadTarget]


async def start_check_in(context: Context, kind: CheckInKind, frames: int) -> Started:
    actor, now = context.actor, context.clock()
    if not 1 <= frames <= MOST_FRAMES:
        raise InvalidInput("frames", "COUNT_RANGE", least=1, most=MOST_FRAMES)
    await context.runtime.attempts.spend(STARTS_PER_PERSON, "start", str(actor.employee_id))
    await biometrics.require_ready(actor.employee_id)
    await require_patience(actor.employee_id, now)
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    await CheckInNonce.create(
        agency_id=actor.agency_id,
        employee_id=actor.employee_id,
        digest=digest_of(nonce),
        kind=kind,
        frames=frames,
        issued_at=now,
        expires_at=now + LIFETIME,
    )
    storage = context.runtime.storage
    keys = [frame_key(actor.agency_id, nonce, number) for number in range(frames)]
    uploads = [await storage.upload_target(key, LIFETIME) for key in keys]
    return Started(nonce, kind, now, now + LIFETIME, uploads)


def digest_of(nonce: str) -> bytes:
    """Of any text, also of one that is no Unicode: a stranger may send it, and it is nobody's nonce."""
    return hashlib.sha256(nonce.encode("utf-8", "surrogatepass")).digest()


def frame_folder(agency_id: UUID, digest: bytes) -> str:
    """Where the frames of one nonce lie; it follows from the nonce, so nobody can name another's frame."""
    return f"frames/{agency_id}/{digest.hex()[:40]}"


def frame_key(agency_id: UUID, nonce: str, number: int) -> str:
    return f"{frame_folder(agency_id, digest_of(nonce))}/{number}"
