"""`.env.example` and the settings say the same."""

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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HADIR_COLOUR", "blue"),
        ("HADIR_PORT", "eight thousand"),
        ("HADIR_PORT", "70000"),
        ("DATABASE_URL", "mysql://somewhere/hadir"),
        ("REDIS_URL", "somewhere"),
        ("HADIR_KEYS", "k1:short"),
        ("HADIR_STORE_URL", "ftp://somewhere"),
        ("HADIR_STORE_OPTIONS", "{"),
        ("HADIR_LOG_LEVEL", "LOUD"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load(environ={name: value}, env_file=None)
