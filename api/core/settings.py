"""The only reader of the environment.

Each field is one setting: its name in the environment is `HADIR_` + the field in capitals, but for the two
servers, which carry the names that hosting platforms use (`DATABASE_URL`, `REDIS_URL`). `.env.example` lists
them all; a test holds the two together.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    Json,
    PostgresDsn,
    RedisDsn,
    ValidationError,
)

from api.core import settings_checks as checks

PREFIX = "HADIR_"
#: Names without the prefix that belong to us all the same.
SHARED_NAMES = {"database_url": "DATABASE_URL", "redis_url": "REDIS_URL"}


class SettingsError(Exception):
    """A setting is unknown or malformed; the text names it and says what to do."""


class Settings(BaseModel):
    """Everything that can be set from outside. Times are in seconds, sizes in bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database_url: Annotated[PostgresDsn | None, AfterValidator(checks.database_url)] = Field(
        None, repr=False, description="PostgreSQL to use; empty: an embedded one in the data folder"
    )
    redis_url: Annotated[RedisDsn | None, AfterValidator(checks.redis_url)] = Field(
        None, repr=False, description="Redis or Valkey to use; empty: an embedded one"
    )
    host: Annotated[str, AfterValidator(checks.host)] = Field(
        "127.0.0.1", description="Address the web process listens on"
    )
    port: int = Field(8000, ge=1, le=65535, description="Port the web process listens on")
    public_url: Annotated[str, AfterValidator(checks.public_url)] = Field(
        "", description="Address people type; empty: http://localhost:PORT"
    )
    data_dir: Annotated[Path, AfterValidator(checks.data_dir)] = Field(
        Path(".data"), description="Folder for embedded servers, keys, the face pack and files"
    )
    store_url: Annotated[str, AfterValidator(checks.store_url)] = Field(
        "", description="Where photographs lie: empty (data folder), or s3://bucket/prefix"
    )
    store_options: Annotated[Json[dict[str, str]], AfterValidator(checks.store_options)] = Field(
        "{}",
        repr=False,
        validate_default=True,
        description='S3 options as JSON: {"endpoint": …, "region": …, "access_key_id": …, "secret_access_key": …}',
    )
    keys: Annotated[str, AfterValidator(checks.keys)] = Field(
        "",
        repr=False,
        description="Encryption keys, newest first: id:base64 of 32 bytes, …; empty: made in the data folder",
    )
    face_pack: Annotated[Path | None, AfterValidator(checks.face_pack)] = Field(
        None, description="Folder of the face pack; empty: the default pack in the data folder"
    )
    trusted_proxies: Annotated[str, AfterValidator(checks.trusted_proxies)] = Field(
        "127.0.0.1", description="Proxies whose X-Forwarded-For is believed, comma-separated"
    )
    session_hours: int = Field(12, ge=1, le=24 * 30, description="Hours until a login must be repeated")
    database_pool: int = Field(10, ge=2, le=200, description="Connections to PostgreSQL a process may hold")
    upload_max_bytes: int = Field(
        2_000_000, ge=10_000, le=20_000_000, description="Largest photograph taken, bytes"
    )
    worker_concurrency: int = Field(4, ge=1, le=64, description="Verifications a worker holds at once")
    lease_seconds: int = Field(
        15, ge=2, le=300, description="Seconds after which an unfinished job is given to another"
    )
    worker_metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of the worker's own figures for Prometheus; 0: none"
    )
    log_level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least grave message to log"
    )
    log_json: bool = Field(False, description="Log as JSON lines")

    @property
    def base_url(self) -> str:
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")


def setting_name(field: str) -> str:
    """The name in the environment of a field of Settings."""
    return SHARED_NAMES.get(field, PREFIX + field.upper())


def load(
    environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env"), **overrides: Any
) -> Settings:
    """Settings from `.env` and the environment (which wins); SettingsError names the first that is wrong."""
    file_values = dotenv_values(env_file) if env_file and env_file.exists() else {}
    values = {**file_values, **(os.environ if environ is None else environ)}
    fields = {setting_name(field): field for field in Settings.model_fields}
    ours = {k: v for k, v in values.items() if k.startswith(PREFIX) or k in fields}
    if unknown := sorted(set(ours) - set(fields)):
        raise SettingsError(f"{unknown[0]} is not a setting of Hadir. See .env.example for the list.")
    if bare := [name for name, value in ours.items() if value is None]:
        raise SettingsError(f"{bare[0]} has no value in {env_file}: write {bare[0]}=…, or take the line out.")
    given: dict[str, Any] = {fields[k]: v for k, v in ours.items() if v != ""}
    try:
        return Settings(**{**given, **overrides})
    except ValidationError as error:
        first = error.errors()[0]
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsError(
            f"{setting_name(str(first['loc'][0]))} is not usable: {reason}. See .env.example."
        ) from None
