"""Turning embeddings so that the database can compare them without holding them.

An orthogonal matrix keeps every cosine and leaves nothing else of a direction that whoever lacks the matrix could
use: it is drawn from a secret of the keyring, for one agency and one face model. What this is worth, and what
not, is in docs/decisions/0013-faces-are-found-by-turned-vectors.md.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from api.core.crypto import Keyring

# At the call, for numpy is 10 MB in each web process, which never compares a face.
if TYPE_CHECKING:
    from numpy.typing import NDArray


def turned(keyring: Keyring, agency_id: UUID, model_id: str, embeddings: list[bytes]) -> list[list[float]]:
    """Unit vectors (float32 little-endian, all of one length) as the database compares them.

    Raises ValueError where one is no direction, or of another length than the others."""
    import numpy as np

    if not embeddings:
        return []
    rows = np.stack([np.frombuffer(embedding, "<f4") for embedding in embeddings]).astype(np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.all((lengths > 0) & np.isfinite(lengths)):
        raise ValueError("an embedding has a length")
    secret = keyring.secret(b"search " + agency_id.bytes + model_id.encode())
    found: list[list[float]] = (rows / lengths @ _matrix(secret, rows.shape[1])).tolist()
    return found


def is_direction(embedding: bytes) -> bool:
    """Whether these are 32-bit floats with a length."""
    import numpy as np

    if len(embedding) % 4:
        return False
    return bool(0 < np.linalg.norm(np.frombuffer(embedding, "<f4")) < np.inf)


@lru_cache(maxsize=32)
def _matrix(secret: bytes, size: int) -> "NDArray[Any]":
    """size×size, orthogonal, float32; evenly drawn from all there are (Mezzadri 2007, math-ph/0609050, 5).

    The numbers come from a cipher's stream and not from a library's generator, whose stream may change between
    versions: what was stored must be found for as long as the key is in use."""
    import numpy as np

    count = size * size
    stream = Cipher(ChaCha20(secret, bytes(16)), mode=None).encryptor().update(bytes(16 * count))
    uniform = ((np.frombuffer(stream, "<u8") >> np.uint64(11)) + 0.5) / 2.0**53
    normal = np.sqrt(-2 * np.log(uniform[:count])) * np.cos(2 * np.pi * uniform[count:])  # Box and Muller
    q, r = np.linalg.qr(normal.reshape(size, size))
    return (q * np.sign(np.diag(r))).astype(np.float32)
