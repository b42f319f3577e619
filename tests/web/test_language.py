from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import SECRET, TOKEN
from tests.web.fake_api import FakeApi, me
from web import session
from web.extract import catalogue, texts
from web.language import LOCALES, SOURCE, filters, greeting, nip, translations

Browser = Callable[..., TestClient]
TRANSLATED = [locale for locale in LOCALES if locale != SOURCE]


@pytest.mark.parametrize("locale", TRANSLATED)
def test_every_text_of_the_pages_is_translated_and_none_is_stale(locale: str) -> None:
    known = catalogue(locale)
    wanted = {message.id for message in texts() if message.id}
    assert wanted, "the extraction found nothing"
    assert {message.id for message in known if message.id} == wanted
    for message in known:
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(strings), f"untranslated: {message.id}"
        assert not message.fuzzy, f"fuzzy: {message.id}"


@pytest.mark.parametrize("locale", TRANSLATED)
def test_translations_keep_the_placeholders(locale: str) -> None:
    for message in catalogue(locale):
        assert [str(error) for error in message.check()] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_a_percent_sign_breaks_no_text(locale: str) -> None:
    """Pages fill in every text, also one without a place for anything."""
    known = translations(locale)
    for message in texts():
        for number in (1, 2):
            one, many = message.id if isinstance(message.id, tuple) else (message.id, message.id)
            assert known.ngettext(one, many, number) % defaultdict(int) or not one, one


def test_catalogues_are_read_without_a_compile_step() -> None:
    assert translations("id").gettext("Sign in") == "Masuk"
    assert translations("en").gettext("Sign in") == "Sign in"


@pytest.mark.parametrize(
    ("language", "title"), [("id", "Masuk · Hadir"), ("en", "Sign in · Hadir"), ("xx", "Masuk")]
)
def test_pages_speak_the_chosen_language_and_say_which(browser: Browser, language: str, title: str) -> None:
    page = browser(signed_in=False, language=language).get("/login").text
    assert f"<title>{title}" in page
    assert f'<html lang="{"en" if language == "en" else "id"}">' in page


def test_the_switch_is_a_form_and_comes_back(browser: Browser, api: FakeApi) -> None:
    api.data = {"me": me()}
    client = browser()
    form = {"csrf": session.csrf_token(TOKEN, SECRET), "locale": "en", "next": "/account"}
    answer = client.post("/language", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert '<html lang="en">' in client.get("/account").text
    assert api.asked[-1]["locale"] == "en"


def test_the_switch_takes_our_languages_only(browser: Browser) -> None:
    client = browser(language="en")
    form = {"csrf": session.csrf_token(TOKEN, SECRET), "locale": "../../etc", "next": "//evil.example"}
    assert client.post("/language", data=form).headers["location"] == "/today"
    assert client.cookies["hadir_lang"] == "id"


@pytest.mark.parametrize(
    ("locale", "name", "given", "shown"),
    [
        ("id", "clock", ("2026-11-23T00:24:00+00:00", "Asia/Jakarta"), "07.24"),
        ("id", "clock", ("2026-11-23T00:24:00+00:00", "Asia/Makassar"), "08.24"),
        ("en", "clock", ("2026-11-23T00:24:00+00:00", "Asia/Jayapura"), "09:24"),
        ("id", "day", ("2026-11-23",), "Senin, 23 November 2026"),
        ("en", "day", ("2026-11-23",), "Monday, 23 November 2026"),
        ("id", "stamp", ("2026-11-22T23:30:00+00:00", "Asia/Jakarta"), "23 Nov 2026 06.30"),
        ("id", "number", (24000,), "24.000"),
        ("en", "number", (24000,), "24,000"),
        ("id", "number", (0.4567, 2), "0,46"),
    ],
)
def test_dates_and_numbers_as_the_language_writes_them(
    locale: str, name: str, given: tuple[object, ...], shown: str
) -> None:
    assert filters(locale)[name](*given) == shown


def test_a_nip_is_shown_in_its_parts() -> None:
    assert nip("198703122010012001") == "19870312 201001 2 001"
    assert nip("12") == "12"


@pytest.mark.parametrize(
    ("hour", "part"),
    [(20, "evening"), (21, "morning"), (3, "morning"), (4, "noon"), (8, "afternoon"), (11, "evening")],
)
def test_the_greeting_follows_the_clock_of_the_unit(hour: int, part: str) -> None:
    assert greeting(datetime(2026, 11, 23, hour, tzinfo=UTC), "Asia/Jakarta") == part
