"""The reader's language: catalogues held in memory, and dates and numbers as that language writes them."""

from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

LOCALES = ("id", "en")
DEFAULT = "id"
#: The language the pages are written in; it needs no catalogue.
SOURCE = "en"
FOLDER = Path(__file__).parent / "locale"
#: English as it is written with a 24-hour clock and the day before the month, as in Indonesia.
_FORMATS = {"id": "id_ID", "en": "en_GB"}


@cache
def translations(locale: str) -> NullTranslations:
    """The catalogue of a language, read from its .po file."""
    if locale == SOURCE:
        return NullTranslations()
    path = FOLDER / locale / "LC_MESSAGES" / "messages.po"
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=locale))
    compiled.seek(0)
    return Translations(compiled)


def known(locale: str | None) -> str:
    return locale if locale in LOCALES else DEFAULT


def moment(value: str) -> datetime:
    """The API's DateTime; it always carries an offset."""
    return datetime.fromisoformat(value)


def filters(locale: str) -> dict[str, Callable[..., str]]:
    """Jinja filters. Those of time take the zone that the reader or the unit lives in."""
    form = _FORMATS[locale]

    def clock(value: str, zone: str) -> str:
        return format_time(
            moment(value), "HH.mm" if locale == "id" else "HH:mm", tzinfo=ZoneInfo(zone), locale=form
        )

    def day(value: str) -> str:
        return format_date(date.fromisoformat(value), "full", locale=form)

    def short_day(value: str) -> str:
        return format_skeleton("MMMEd", datetime.fromisoformat(value), locale=form)

    def stamp(value: str, zone: str) -> str:
        local = moment(value).astimezone(ZoneInfo(zone))
        return f"{format_date(local, 'medium', locale=form)} {clock(value, zone)}"

    def number(value: float, digits: int = 0) -> str:
        return format_decimal(
            round(value, digits), format="#,##0" + ("." + "0" * digits if digits else ""), locale=form
        )

    return {"clock": clock, "day": day, "short_day": short_day, "stamp": stamp, "number": number, "nip": nip}


def nip(value: str) -> str:
    """18 digits as people write them: YYYYMMDD YYYYMM S NNN."""
    return " ".join((value[:8], value[8:14], value[14:15], value[15:])) if len(value) == 18 else value


def greeting(now: datetime, zone: str) -> str:
    """Which part of the day it is there: Indonesian greets by four of them."""
    hour = now.astimezone(ZoneInfo(zone)).hour
    return (
        "morning"
        if 4 <= hour < 11
        else "noon"
        if 11 <= hour < 15
        else "afternoon"
        if 15 <= hour < 18
        else "evening"
    )
