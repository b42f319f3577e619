"""Sentences by code, in Indonesian and English: a message, and where there is one, what to do next."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.core import negotiate_locale
from babel.numbers import format_decimal

LOCALES = ("id", "en")
DEFAULT_LOCALE = "id"
API = Path(__file__).parents[1]
#: A pair of files each, in the core or in the slice whose sentences they are; paths without language and ending.
CATALOGUES = sorted(
    str(path.relative_to(API)).removesuffix(f".{DEFAULT_LOCALE}.toml")
    for path in API.glob(f"*/locale/*.{DEFAULT_LOCALE}.toml")
)


@dataclass(frozen=True, slots=True)
class Sentence:
    message: str
    next_step: str | None


@cache
def catalogue(locale: str) -> Mapping[str, Mapping[str, str]]:
    merged: dict[str, Mapping[str, str]] = {}
    for name in CATALOGUES:
        merged.update(tomllib.loads((API / f"{name}.{locale}.toml").read_text("utf-8")))
    return merged


def say(code: str, locale: str, params: Mapping[str, object] | None = None) -> Sentence:
    """The sentence for a code; KeyError for a code without one, which a test makes impossible."""
    locale = locale if locale in LOCALES else DEFAULT_LOCALE
    entry = catalogue(locale)[code]
    shown = {name: _shown(value, locale) for name, value in (params or {}).items()}
    if named := catalogue(locale).get(f"FIELD_{shown.get('field')}"):
        shown["field"] = named["message"]
    step = entry.get("next")
    return Sentence(entry["message"].format_map(shown), step.format_map(shown) if step else None)


def locale_of(accept_language: str) -> str:
    """The best of our languages for an Accept-Language header; Indonesian when it asks for neither."""
    wanted = [part.split(";")[0].strip() for part in accept_language.split(",")[:10]]
    return negotiate_locale([tag for tag in wanted if tag], LOCALES, sep="-") or DEFAULT_LOCALE


def _shown(value: object, locale: str) -> object:
    """Whole numbers, as the language writes them: 1.234 or 1,234."""
    return format_decimal(value, "#,##0", locale) if isinstance(value, int | float) else value
