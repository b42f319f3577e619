"""Passwords by Argon2id, in a thread: hashing must not hold up the event loop."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

#: OWASP's least for Argon2id (19 MiB, two passes, one lane): about 50 ms on a small server.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
#: Two at a time: more would take memory from everybody else during the morning's rush.
_turns = asyncio.Semaphore(2)
#: What an unknown NIP is compared with, so that the answer takes as long as for a known one.
NOBODY = HASHER.hash("nobody has this password")


async def hash_password(password: str) -> str:
    async with _turns:
        return await asyncio.to_thread(HASHER.hash, password)


async def matches(password_hash: str | None, password: str) -> bool:
    async with _turns:
        return (
            await asyncio.to_thread(_matches, password_hash or NOBODY, password) and password_hash is not None
        )


def _matches(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
