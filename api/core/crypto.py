"""Encryption at rest: AES-256-GCM under a ring of keys, the newest of which seals.

A sealed box is `HD1` + length of key id + key id + 12-byte nonce + ciphertext with its tag. What the box belongs
to (a person, an object's name) is authenticated with it, so that a box moved to another row does not open.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"HD1"
NONCE_BYTES = 12  # NIST SP 800-38D, 5.2.1.1


class BoxBroken(Exception):
    """The box was altered, belongs elsewhere, or its key is not in the ring."""


@dataclass(frozen=True)
class Keyring:
    """Key id → 32 bytes, newest first."""

    keys: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("the ring has no key")

    @property
    def newest(self) -> str:
        return next(iter(self.keys))

    def seal(self, plain: bytes, *, belongs_to: str) -> bytes:
        key_id = self.newest.encode()
        nonce = os.urandom(NONCE_BYTES)
        head = MAGIC + bytes([len(key_id)]) + key_id
        box = AESGCM(self._derive(self.newest, b"seal"))
        return head + nonce + box.encrypt(nonce, plain, head + belongs_to.encode())

    def open(self, sealed: bytes, *, belongs_to: str) -> bytes:
        key_id = key_id_of(sealed)
        if key_id not in self.keys:
            raise BoxBroken(f"key {key_id} is not in the ring")
        start = len(MAGIC) + 1 + len(key_id)
        head, nonce = sealed[:start], sealed[start : start + NONCE_BYTES]
        try:
            plain = AESGCM(self._derive(key_id, b"seal")).decrypt(
                nonce, sealed[start + NONCE_BYTES :], head + belongs_to.encode()
            )
        except (InvalidTag, ValueError) as error:
            raise BoxBroken("the box does not open for its owner") from error
        return bytes(plain)

    def sign(self, message: str) -> str:
        return self._mac(self.newest, message)

    def verify(self, message: str, signature: str) -> bool:
        """True when any key of the ring made the signature, so that a rotation breaks no link already given."""
        given = signature.encode()  # as bytes: a comparison of texts raises on what is not ASCII
        return any(hmac.compare_digest(self._mac(key_id, message).encode(), given) for key_id in self.keys)

    def secret(self, purpose: bytes) -> bytes:
        """32 bytes for another room's own use, the same in every process."""
        return self._derive(self.newest, purpose)

    def _mac(self, key_id: str, message: str) -> str:
        return hmac.new(self._derive(key_id, b"sign"), message.encode(), hashlib.sha256).hexdigest()

    def _derive(self, key_id: str, purpose: bytes) -> bytes:
        cached = _derived.get((self.keys[key_id], purpose))
        if cached is None:
            cached = HKDF(SHA256(), 32, salt=None, info=b"hadir " + purpose).derive(self.keys[key_id])
            _derived[(self.keys[key_id], purpose)] = cached
        return cached


_derived: dict[tuple[bytes, bytes], bytes] = {}


def is_sealed(data: bytes) -> bool:
    return data.startswith(MAGIC)


def key_id_of(sealed: bytes) -> str:
    if not is_sealed(sealed) or len(sealed) < len(MAGIC) + 2:
        raise BoxBroken("not a sealed box")
    length = sealed[len(MAGIC)]
    return sealed[len(MAGIC) + 1 : len(MAGIC) + 1 + length].decode("ascii", "replace")
