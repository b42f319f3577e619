"""Permission to check in: a nonce, what to do before the camera, and an address for each photograph."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from api.attendance import access
from api.attendance.challenge import ChallengeMode, ChallengePolicy, at_start, choose, drawing
from api.attendance.models import CheckIn, CheckInKind, CheckInNonce
from api.attendance.rules import local_day
from api.attendance.service.doubt import Sender, can_challenge, new_device
from api.attendance.service.tries import require_patience
from api.biometrics import service as biometrics
from api.biometrics.moves import Move
from api.core.context import Context
from api.core.errors import AlreadyDecided, InvalidInput
from api.core.storage import UploadTarget
from api.people import service as people
from api.people.models import RuleTopic

#: 256 bits; NIST SP 800-63B asks for 64, an attacker's patience for more.
NONCE_BYTES = 32
#: Long enough for one bar of signal, short enough that a picture must be taken now.
LIFETIME = timedelta(seconds=180)
#: Enough for three moves: a look, then each at its height and back from it, the least that tells a move from a
#: picture of one; and one over for the eyes, which are soon open again.
MOST_FRAMES = 8
STARTS_PER_PERSON = "20/minute"


@dataclass(frozen=True, slots=True)
class Started:
    """`moves` is empty where a look at the camera is enough."""

    nonce: str
    kind: CheckInKind
    server_time: datetime
    expires_at: datetime
    moves: Sequence[Move]
    uploads: list[UploadTarget]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for; `after` names a check-in in whose place the moves are to be made."""

    kind: CheckInKind
    frames: int = 1
    device_id: str = ""
    after: UUID | None = None


async def start_check_in(context: Context, wish: Wish) -> Started:
    actor, now = context.actor, context.clock()
    if not 1 <= wish.frames <= MOST_FRAMES:
        raise InvalidInput("frames", "COUNT_RANGE", least=1, most=MOST_FRAMES)
    if len(wish.device_id) > 64:
        raise InvalidInput("deviceId", "TEXT_LENGTH", least=0, most=64)
    await context.runtime.attempts.spend(STARTS_PER_PERSON, "start", str(actor.employee_id))
    await biometrics.require_ready(actor.employee_id)
    await require_patience(actor.employee_id, now)
    earlier = await _earlier(context, wish.after)
    moves = await _moves(context, wish)
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    made = await CheckInNonce.create(
        agency_id=actor.agency_id,
        employee_id=actor.employee_id,
        digest=digest_of(nonce),
        kind=earlier.kind if earlier else wish.kind,
        frames=MOST_FRAMES if moves else wish.frames,
        moves=list(moves),
        supersedes_id=wish.after,
        issued_at=now,
        expires_at=now + LIFETIME,
    )
    storage = context.runtime.storage
    keys = [frame_key(actor.agency_id, nonce, number) for number in range(made.frames)]
    uploads = [await storage.upload_target(key, LIFETIME) for key in keys]
    return Started(nonce, made.kind, now, made.expires_at, moves, uploads)


async def _earlier(context: Context, check_in_id: UUID | None) -> CheckIn | None:
    if check_in_id is None:
        return None
    earlier = await access.check_in(context.actor, check_in_id)
    if not can_challenge(context, earlier):
        raise AlreadyDecided
    return earlier


async def _moves(context: Context, wish: Wish) -> tuple[Move, ...]:
    actor, now = context.actor, context.clock()
    day = local_day(now, actor.time_zone)
    policy = ChallengePolicy.from_mapping(await people.rule(actor.agency_id, RuleTopic.CHALLENGE, day))
    if policy.mode == ChallengeMode.PASSIVE and not wish.after:
        return ()
    new = await new_device(Sender(actor.agency_id, actor.employee_id, wish.device_id, now), policy)
    below = drawing(await _seed(context, day))
    return choose(policy, below) if wish.after or at_start(policy, new, below) else ()


async def _seed(context: Context, day: date) -> str:
    """Nobody can foretell it; it changes with the day, and with each submission."""
    actor = context.actor
    newest = await access.newest(actor.employee_id)
    return context.runtime.keyring.sign(f"moves\n{actor.employee_id}\n{day}\n{newest}")


def digest_of(nonce: str) -> bytes:
    """Of any text, also of one that is no Unicode: a stranger may send it, and it is nobody's nonce."""
    return hashlib.sha256(nonce.encode("utf-8", "surrogatepass")).digest()


def frame_folder(agency_id: UUID, digest: bytes) -> str:
    """Where the frames of one nonce lie; it follows from the nonce, so nobody can name another's frame."""
    return f"frames/{agency_id}/{digest.hex()[:40]}"


def frame_key(agency_id: UUID, nonce: str, number: int) -> str:
    return f"{frame_folder(agency_id, digest_of(nonce))}/{number}"
