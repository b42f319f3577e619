"""Signing in and out, sessions and API tokens."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from api.accounts import access
from api.accounts.models import Account, Credential
from api.accounts.passwords import hash_password, matches
from api.core import database
from api.core.context import Actor, Context
from api.core.errors import InvalidInput, LoginFailed, NotFound, PasswordMustChange, PasswordWrong
from api.people.nip import is_formed, normalise

#: Tries at one account, and from one address (an office may stand behind one address).
ATTEMPTS_PER_ACCOUNT = "5/minute"
ATTEMPTS_PER_ADDRESS = "100/minute"
TOKEN_BYTES = 32
#: A credential's last use is noted no oftener than this.
SEEN_AGAIN = timedelta(minutes=5)
#: NIST SP 800-63B asks for 8 where there is no other check; people type these on a phone.
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
MOST_TOKENS = 20


async def login(
    context: Context, nip: str, password: str, device: str, new: str = ""
) -> tuple[str, Credential]:
    """A new session's token, shown once, and its row. LoginFailed says nothing of which part was wrong. Who comes
    with a one-time password brings a `new` one, or is asked for it."""
    nip = normalise(nip)[:40]
    await context.runtime.attempts.spend(ATTEMPTS_PER_ADDRESS, "login", context.address)
    await context.runtime.attempts.spend(ATTEMPTS_PER_ACCOUNT, "login", nip)
    account = await _account(nip)
    good = await matches(account.password_hash if account else None, password[:LONGEST_PASSWORD])
    if account is None or not good:
        raise LoginFailed
    if account.password_expires_at is not None:
        await _exchange(account, account.password_expires_at, password, new, context.clock())
    await context.runtime.attempts.forgive(ATTEMPTS_PER_ACCOUNT, "login", nip)
    hours = context.runtime.settings.session_hours
    return await _issue(account.agency_id, account.id, context.clock(), timedelta(hours=hours), device=device)


async def change_password(context: Context, current: str, new: str) -> None:
    """Only who knows the old one; every other session ends, as one of them may be why it is changed."""
    actor, now = context.actor, context.clock()
    _check_length(new)
    await context.runtime.attempts.spend(ATTEMPTS_PER_ACCOUNT, "password", str(actor.account_id))
    account = await Account.get(id=actor.account_id)
    if not await matches(account.password_hash, current[:LONGEST_PASSWORD]):
        raise PasswordWrong
    fresh = await hash_password(new)
    async with database.transaction() as using:
        still = Account.filter(id=account.id, password_hash=account.password_hash)
        if not await still.using_db(using).update(password_hash=fresh):
            raise PasswordWrong  # another one was given meanwhile
        others = access.own_credentials(actor, now).filter(token_name="").exclude(id=actor.credential_id)
        await others.using_db(using).update(ended_at=now)


async def _exchange(account: Account, expires_at: datetime, given: str, new: str, now: datetime) -> None:
    """The one-time password for one that only the person knows."""
    if now >= expires_at:
        raise LoginFailed
    if not new or new == given:
        raise PasswordMustChange
    _check_length(new)
    fresh = await hash_password(new)
    still = Account.filter(id=account.id, password_hash=account.password_hash)
    if not await still.update(password_hash=fresh, password_expires_at=None):
        raise LoginFailed  # somebody was faster, or another one was given meanwhile


def _check_length(new: str) -> None:
    if not SHORTEST_PASSWORD <= len(new) <= LONGEST_PASSWORD:
        raise InvalidInput("new", "TEXT_LENGTH", least=SHORTEST_PASSWORD, most=LONGEST_PASSWORD)


async def _account(nip: str) -> Account | None:
    """What is not formed like a NIP is nobody's, and is not asked for."""
    return await Account.get_or_none(employee__nip=nip, employee__active=True) if is_formed(nip) else None


async def create_token(context: Context, name: str, days: int) -> tuple[str, Credential]:
    actor, now = context.actor, context.clock()
    if not 1 <= len(name.strip()) <= 80:
        raise InvalidInput("name", "TEXT_LENGTH", least=1, most=80)
    if not 1 <= days <= 365:
        raise InvalidInput("days", "COUNT_RANGE", least=1, most=365)
    if await access.own_credentials(actor, now).exclude(token_name="").count() >= MOST_TOKENS:
        raise InvalidInput("tokens", "COUNT_RANGE", least=0, most=MOST_TOKENS)
    return await _issue(actor.agency_id, actor.account_id, now, timedelta(days=days), token_name=name.strip())


async def token_for(nip: str, name: str, days: int, now: datetime) -> str:
    """A token for the operator's own use, with the rights of the person named. LookupError without an account."""
    account = await Account.get_or_none(employee__nip=normalise(nip), employee__active=True)
    if account is None:
        raise LookupError(nip)
    token, _ = await _issue(account.agency_id, account.id, now, timedelta(days=days), token_name=name[:80])
    return token


async def end(context: Context, credential_id: UUID) -> None:
    """End one's own session or token. A live page that stands on it ends with its next message."""
    ended = (
        await access.own_credentials(context.actor, context.clock())
        .filter(id=credential_id)
        .update(ended_at=context.clock())
    )
    if not ended:
        raise NotFound


async def authenticate(token: str, now: datetime) -> Actor | None:
    found = await access.actor_by_token(token, now)
    if found is None:
        return None
    actor, last_seen = found
    if last_seen is None or now - last_seen > SEEN_AGAIN:
        await Credential.filter(id=actor.credential_id).update(last_seen_at=now)
    return actor


async def _issue(
    agency_id: UUID,
    account_id: UUID,
    now: datetime,
    lifetime: timedelta,
    token_name: str = "",
    device: str = "",
) -> tuple[str, Credential]:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    credential = await Credential.create(
        agency_id=agency_id,
        account_id=account_id,
        digest=access.digest_of(token),
        token_name=token_name,
        device=device[:200],
        expires_at=now + lifetime,
        last_seen_at=now,
    )
    return token, credential
