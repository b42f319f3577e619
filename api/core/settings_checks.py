"""What a setting must look like. Each check returns the value, or raises ValueError with the rest of a sentence
that begins with the setting's name; none of them repeats the value, which may be a secret."""

import base64
import binascii
import re
from collections.abc import Collection
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from pydantic import PostgresDsn, RedisDsn, ValidationInfo

KEY_BYTES = 32
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")
#: What asyncpg and redis-py take behind the question mark; anything else they refuse at the first connection only.
_DATABASE_OPTIONS = {"host", "ssl", "sslmode"}
_SSL_MODES = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
_REDIS_OPTIONS = {
    "db",
    "ssl_cert_reqs",
    "ssl_ca_certs",
    "ssl_certfile",
    "ssl_keyfile",
    "ssl_check_hostname",
}
#: Hadir sets these itself.
_OWN_STORE_OPTIONS = {"bucket", "prefix", "client_options", "retry_config", "credential_provider"}


def database_url(value: PostgresDsn | None) -> PostgresDsn | None:
    if value is None:
        return value
    if value.scheme not in ("postgres", "postgresql"):
        raise ValueError("must begin with postgresql://")
    if len(value.path or "") < 2:
        raise ValueError("must name a database, as in postgresql://user:password@host:5432/hadir")
    options = _known_options(value.query, _DATABASE_OPTIONS)
    for name in ("ssl", "sslmode"):
        if options.get(name, "prefer") not in _SSL_MODES:
            raise ValueError(f"takes {name}= with one of {', '.join(sorted(_SSL_MODES))}")
    return value


def redis_url(value: RedisDsn | None) -> RedisDsn | None:
    """redis-py takes a path that is no number for database 0, and so for somebody else's."""
    if value is None:
        return value
    number = _known_options(value.query, _REDIS_OPTIONS).get("db", (value.path or "").lstrip("/"))
    if number and not number.isdecimal():
        raise ValueError("must end with the number of a database, as in redis://host:6379/0")
    return value


def _known_options(query: str | None, known: Collection[str]) -> dict[str, str]:
    options = {name: values[0] for name, values in parse_qs(query or "", keep_blank_values=True).items()}
    if unknown := sorted(set(options) - set(known)):
        raise ValueError(f"has an unknown option {unknown[0]}; known are {', '.join(sorted(known))}")
    return options


def host(value: str) -> str:
    if not _is_address(value) and not _HOST_NAME.fullmatch(value):
        raise ValueError("must be an address or a host's name alone, as in 127.0.0.1 or 0.0.0.0")
    return value


def public_url(value: str) -> str:
    """An origin: pages and files lie at its root, and links are made by putting a path behind it."""
    if not value:
        return value
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not _has_host(value):
        raise ValueError("must be an address that begins with https:// or http:// and names a host")
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("must end after the host and its port, as in https://hadir.example.go.id")
    return value


def data_dir(value: Path) -> Path:
    if value.exists() and not value.is_dir():
        raise ValueError("must be a folder, and something else lies there")
    return value


def store_url(value: str) -> str:
    parts = urlsplit(value)
    match parts.scheme:
        case "" if not value:
            return value
        case "s3" if not _BUCKET.fullmatch(parts.netloc):
            raise ValueError("must name a bucket, as in s3://bucket/prefix")
        case "file" if parts.netloc or not parts.path.startswith("/"):
            raise ValueError("must name a folder from the root, as in file:///srv/hadir")
        case "s3" | "file" if parts.query or parts.fragment:
            raise ValueError("takes nothing behind a ? or #; options of S3 go into HADIR_STORE_OPTIONS")
        case "s3" | "file":
            return value
    raise ValueError("must begin with s3:// or file://")


def store_options(options: dict[str, str], others: ValidationInfo) -> dict[str, str]:
    if not options:
        return options
    if not others.data.get("store_url", "s3://").startswith("s3://"):
        raise ValueError("is for a store that speaks S3: set HADIR_STORE_URL to s3://bucket/prefix as well")
    if own := sorted(_OWN_STORE_OPTIONS & options.keys()):
        raise ValueError(f"must not hold {own[0]}, which Hadir sets itself")
    endpoint = options.get("endpoint", "https://default")
    if urlsplit(endpoint).scheme not in ("http", "https") or not _has_host(endpoint):
        raise ValueError("must have an endpoint that begins with https:// or http:// and names a host")
    from obstore.exceptions import BaseError
    from obstore.store import S3Store  # only here: whoever has no such store need not wait for it

    try:
        S3Store("bucket", **options)  # type: ignore[arg-type]  # opens no connection
    except (BaseError, TypeError) as error:
        raise ValueError(f"is refused by the store: {str(error).splitlines()[0].rstrip('.')}") from None
    return options


def face_pack(value: Path | None) -> Path | None:
    if value is not None and not any(value.glob("*.onnx")):
        raise ValueError(f"must be a folder with the models of a face pack, and {value} has none")
    return value


def trusted_proxies(value: str) -> str:
    """Uvicorn would take what it cannot read for a name that no connection ever has."""
    for entry in (part.strip() for part in value.split(",")):
        if value == "*":
            break
        try:
            ip_network(entry)
        except ValueError:
            raise ValueError(
                "must be addresses or networks with commas between them, as in 127.0.0.1, 10.0.0.0/8; or * alone"
            ) from None
    return value


def keys(value: str) -> str:
    parse_keys(value)
    return value


def parse_keys(value: str) -> dict[str, bytes]:
    """Key id → 32 bytes, newest first; ValueError says which entry is wrong (never its content)."""
    found: dict[str, bytes] = {}
    for number, entry in enumerate(filter(None, (part.strip() for part in value.split(","))), start=1):
        name, _, encoded = entry.partition(":")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raw = b""
        if not (name.isascii() and name.isalnum()) or len(name) > 16 or len(raw) != KEY_BYTES:
            raise ValueError(
                f"entry {number} must be id:base64 of {KEY_BYTES} bytes, the id 1–16 letters or digits"
            )
        if name in found:
            raise ValueError(f"entry {number} has the id of one before it")
        found[name] = raw
    if value and not found:
        raise ValueError("must hold a key")
    return found


def _has_host(url: str) -> bool:
    """Also that the port, if any, is a number that a port can be."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0 and host(parts.hostname or "") != ""
    except ValueError:
        return False


def _is_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True
