"""`.env.example` and the settings say the same."""

import base64
import re
from pathlib import Path

import pytest

from api.core.settings import Settings, SettingsError, load, setting_name

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def documented() -> dict[str, tuple[str, str]]:
    """Name → (description, value), as the file lists them."""
    pairs = re.findall(r"^# (.+)\n([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE)
    return {name: (description, value) for description, name, value in pairs}


def test_every_setting_is_listed_with_its_description() -> None:
    expected = {setting_name(field): info.description for field, info in Settings.model_fields.items()}
    assert {name: description for name, (description, _) in documented().items()} == expected


def test_the_listed_values_are_the_defaults() -> None:
    assert load(environ={}, env_file=EXAMPLE) == load(environ={}, env_file=None)
    listed = {name for name, (_, value) in documented().items() if value}
    told = {
        setting_name(f) for f, info in Settings.model_fields.items() if info.default not in (None, "", "{}")
    }
    assert listed == told


KEY = base64.b64encode(bytes(32)).decode()
#: Settings with values that no process may start with: malformed, or what would silently mean something else.
REFUSED = [
    ("HADIR_COLOUR", "blue"),
    ("DATABASE_URL", "mysql://somewhere/hadir"),
    ("DATABASE_URL", "postgresql+psycopg://somewhere/hadir"),
    ("DATABASE_URL", "postgresql:///hadir"),
    ("DATABASE_URL", "postgresql://somewhere"),
    ("DATABASE_URL", "postgresql://somewhere/hadir?nonsense=1"),
    ("DATABASE_URL", "postgresql://somewhere/hadir?sslmode=perhaps"),
    ("REDIS_URL", "somewhere"),
    ("REDIS_URL", "redis://somewhere/first"),
    ("REDIS_URL", "redis://somewhere/-1"),
    ("REDIS_URL", "redis://somewhere/0?nonsense=1"),
    ("HADIR_HOST", "http://127.0.0.1"),
    ("HADIR_HOST", "127.0.0.1:8000"),
    ("HADIR_HOST", "my office"),
    ("HADIR_PORT", "eight thousand"),
    ("HADIR_PORT", "0"),
    ("HADIR_PORT", "70000"),
    ("HADIR_PUBLIC_URL", "foo"),
    ("HADIR_PUBLIC_URL", "hadir.example.go.id"),
    ("HADIR_PUBLIC_URL", "ftp://hadir.example.go.id"),
    ("HADIR_PUBLIC_URL", "https://"),
    ("HADIR_PUBLIC_URL", "https://hadir.example.go.id:port"),
    ("HADIR_PUBLIC_URL", "https://hadir.example.go.id/attendance"),
    ("HADIR_PUBLIC_URL", "https://hadir.example.go.id?a=b"),
    ("HADIR_DATA_DIR", "/dev/null"),
    ("HADIR_STORE_URL", "ftp://somewhere"),
    ("HADIR_STORE_URL", "/srv/hadir"),
    ("HADIR_STORE_URL", "s3://"),
    ("HADIR_STORE_URL", "s3:///photographs"),
    ("HADIR_STORE_URL", "s3://bucket?region=x"),
    ("HADIR_STORE_URL", "file://srv/hadir"),
    ("HADIR_STORE_OPTIONS", "{"),
    ("HADIR_STORE_OPTIONS", "[]"),
    ("HADIR_STORE_OPTIONS", '{"region": 1}'),
    ("HADIR_STORE_OPTIONS", '{"colour": "blue"}'),
    ("HADIR_STORE_OPTIONS", '{"bucket": "another"}'),
    ("HADIR_STORE_OPTIONS", '{"endpoint": "somewhere"}'),
    ("HADIR_STORE_OPTIONS", '{"virtual_hosted_style_request": "perhaps"}'),
    ("HADIR_KEYS", "k1:short"),
    ("HADIR_KEYS", ","),
    ("HADIR_KEYS", f"k1:{KEY},k1:{KEY}"),
    ("HADIR_KEYS", f"an id:{KEY}"),
    ("HADIR_FACE_PACK", "/nowhere"),
    ("HADIR_FACE_PACK", "/dev"),
    ("HADIR_TRUSTED_PROXIES", "zzz"),
    ("HADIR_TRUSTED_PROXIES", "10.0.0.1/8"),
    ("HADIR_TRUSTED_PROXIES", "10.0.0.1 10.0.0.2"),
    ("HADIR_TRUSTED_PROXIES", "127.0.0.1,"),
    ("HADIR_TRUSTED_PROXIES", "127.0.0.1,*"),
    ("HADIR_SESSION_HOURS", "0"),
    ("HADIR_SESSION_HOURS", "1.5"),
    ("HADIR_DATABASE_POOL", "1"),
    ("HADIR_UPLOAD_MAX_BYTES", "2MB"),
    ("HADIR_UPLOAD_MAX_BYTES", "1"),
    ("HADIR_WORKER_CONCURRENCY", "0"),
    ("HADIR_LEASE_SECONDS", "inf"),
    ("HADIR_WORKER_METRICS_PORT", "-1"),
    ("HADIR_LOG_LEVEL", "LOUD"),
    ("HADIR_LOG_JSON", "perhaps"),
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_a_wrong_setting_is_refused_by_its_name(name: str, value: str) -> None:
    store = {"HADIR_STORE_URL": "s3://bucket"} if name == "HADIR_STORE_OPTIONS" else {}
    with pytest.raises(SettingsError, match=rf"^{name} is not .+\. See \.env\.example") as refused:
        load(environ={**store, name: value}, env_file=None)
    assert KEY not in str(refused.value)


def test_every_setting_has_a_value_that_is_refused() -> None:
    assert {name for name, _ in REFUSED} - {"HADIR_COLOUR"} == {
        setting_name(f) for f in Settings.model_fields
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://me:secret@db:5432/hadir?sslmode=require"),
        ("DATABASE_URL", "postgres://me@db/hadir?host=/run/postgresql"),
        ("REDIS_URL", "redis://cache"),
        ("REDIS_URL", "rediss://:secret@cache:6380/3?ssl_cert_reqs=none"),
        ("HADIR_HOST", "0.0.0.0"),
        ("HADIR_HOST", "::1"),
        ("HADIR_HOST", "hadir.example.go.id"),
        ("HADIR_PUBLIC_URL", "https://hadir.example.go.id/"),
        ("HADIR_PUBLIC_URL", "http://[::1]:8000"),
        ("HADIR_STORE_URL", "file:///srv/hadir"),
        ("HADIR_STORE_URL", "s3://photographs/office"),
        ("HADIR_KEYS", f"k2:{KEY}, k1:{KEY}"),
        ("HADIR_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8, ::1"),
        ("HADIR_TRUSTED_PROXIES", "*"),
    ],
)
def test_what_offices_write_is_taken(name: str, value: str) -> None:
    field = next(field for field in Settings.model_fields if setting_name(field) == name)
    assert str(getattr(load(environ={name: value}, env_file=None), field)).startswith(value[:12])


def test_options_of_a_store_are_taken_with_a_store_only() -> None:
    options = '{"endpoint": "http://127.0.0.1:9000", "region": "id-1", "access_key_id": "a", "secret_access_key": "b"}'
    given = {"HADIR_STORE_OPTIONS": options}
    assert load(environ={**given, "HADIR_STORE_URL": "s3://bucket"}, env_file=None).store_options["region"]
    with pytest.raises(SettingsError, match=r"^HADIR_STORE_OPTIONS is not usable: .*HADIR_STORE_URL"):
        load(environ=given, env_file=None)


def test_a_name_without_a_value_in_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("ANOTHER_PROGRAM\nHADIR_PORT\n")
    with pytest.raises(SettingsError, match=r"^HADIR_PORT has no value"):
        load(environ={}, env_file=tmp_path / "env")
