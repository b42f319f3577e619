"""Check-ins ready to be sent: nonces in the database, photographs' addresses signed, requests rendered."""

import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import orjson

from api.attendance.service.start import digest_of, frame_key
from api.core.crypto import Keyring
from api.core.settings_checks import parse_keys
from api.core.storage import Storage
from bench.agency import Agency, Member
from bench.ground import Ground
from bench.load import Turn, request

#: What a phone sends for a frame of 640 pixels, within the 80 KB of P13.
PHOTOGRAPH = b"\xff\xd8\xff\xe0" + os.urandom(70_000)
LIFETIME = timedelta(hours=1)
GRAPHQL, FLOOR = "/graphql", "/check-in"

MUTATION = """
mutation Submit($input: CheckInInput!) {
  checkIn(input: $input) {
    __typename
    ... on CheckInAccepted { repeated checkIn { id kind state receivedAt } }
    ... on Problem { code message nextStep }
  }
}
"""


def ask(path: str, token: str, query: str, variables: dict[str, object]) -> bytes:
    """A GraphQL request as a program sends it; the floor reads only its variables."""
    body = orjson.dumps({"query": query, "variables": variables})
    return request("POST", path, body, Authorization=f"Bearer {token}", Content_Type="application/json")


async def prepare(
    on: Ground,
    agency: Agency,
    count: int,
    path: str,
    *,
    uploaded: bool = False,
    photograph: bytes = PHOTOGRAPH,
) -> list[Turn]:
    """`count` check-ins of the agency's members in turn, each an upload and a submission to `path`; with
    `uploaded` a photograph lies there already, and each is its submission alone."""
    storage = Storage(on.settings, Keyring(parse_keys(on.settings.keys)))
    who = [agency.members[n % len(agency.members)] for n in range(count)]
    nonces = [secrets.token_urlsafe(32) for _ in who]
    await _record(on, agency, who, nonces)
    keys = [frame_key(agency.id, nonce, 0) for nonce in nonces]
    submissions = [
        ask(path, each.token, MUTATION, {"input": _submission(nonce, key)})
        for each, nonce, key in zip(who, nonces, keys, strict=True)
    ]
    if uploaded:
        _lay(on, path, keys)
        return [[submission] for submission in submissions]
    targets = [await storage.upload_target(key, LIFETIME) for key in keys]
    uploads = [_upload(target.url, photograph) for target in targets]
    return [[upload, submission] for upload, submission in zip(uploads, submissions, strict=True)]


def _submission(nonce: str, key: str) -> dict[str, object]:
    now = datetime.now(UTC).isoformat()
    fix = {"latitude": -6.2, "longitude": 106.8, "accuracyMetres": 12.5, "time": now}
    return {
        "nonce": nonce,
        "frames": [key],
        "fixes": [fix],
        "idempotencyKey": secrets.token_hex(16),
        "deviceId": "bench",
    }


async def _record(on: Ground, agency: Agency, who: Sequence[Member], nonces: Sequence[str]) -> None:
    now = datetime.now(UTC)
    connection = await asyncpg.connect(str(on.settings.database_url))
    try:
        await connection.executemany(
            "INSERT INTO check_in_nonce (id, agency_id, employee_id, digest, kind, frames, issued_at, expires_at) "
            "VALUES (gen_random_uuid(), $1, $2, $3, 'IN', 1, $4, $5)",
            [
                (agency.id, each.employee_id, digest_of(nonce), now, now + LIFETIME)
                for each, nonce in zip(who, nonces, strict=True)
            ],
        )
    finally:
        await connection.close()


def _upload(url: str, photograph: bytes) -> bytes:
    parts = urlsplit(url)
    return request("PUT", f"{parts.path}?{parts.query}", photograph, Content_Type="image/jpeg")


def _lay(on: Ground, path: str, keys: Sequence[str]) -> None:
    """One photograph under many names, where the server that is asked will look for it."""
    folder = on.folder / ("floor" if path == FLOOR else "store")
    photograph = folder / "photograph"
    photograph.parent.mkdir(parents=True, exist_ok=True)
    photograph.write_bytes(PHOTOGRAPH)
    for key in keys:
        target = Path(folder, key)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(photograph, target)
