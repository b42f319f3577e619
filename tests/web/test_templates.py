"""What holds for every page file: nothing inline, nothing that needs eval, queries that the schema knows."""

import re
from pathlib import Path

import pytest
from graphql import parse, validate

from tests.web.fake_api import ROOT, schema
from web.client import operations
from web.extract import catalogue, texts
from web.language import LOCALES, SOURCE

PAGES = ROOT / "web" / "pages"
TEMPLATES = sorted(PAGES.rglob("*.html"))
QUERIES = sorted(PAGES.rglob("*.graphql"))
SCRIPTS = sorted((ROOT / "web" / "static").glob("*.js"))


def ids(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


@pytest.mark.parametrize("path", TEMPLATES, ids=ids(TEMPLATES))
def test_nothing_is_inline_and_nothing_needs_eval(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\ssrc=)", text), "an inline script"
    assert "<style" not in text
    assert not re.search(r"\sstyle\s*=", text), "an inline style"
    assert not re.search(r"\son[a-z]+\s*=", text), "an inline handler"
    assert "javascript:" not in text
    assert not re.search(r"hx-on[:-]|hx-vals=['\"]js:|hx-confirm=['\"]js:|hx-headers=['\"]js:", text)
    assert not re.search(r"hx-trigger=\"[^\"]*\[", text), "a filter in hx-trigger is evaluated"


@pytest.mark.parametrize("path", TEMPLATES, ids=ids(TEMPLATES))
def test_nothing_escapes_escaping(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "|safe" not in text.replace(" ", "")
    assert "autoescape" not in text


@pytest.mark.parametrize("path", TEMPLATES, ids=ids(TEMPLATES))
def test_every_form_that_posts_carries_the_token(path: Path) -> None:
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", path.read_text("utf-8"), flags=re.DOTALL):
        assert re.search(r"\{\{ (ui\.)?token\(csrf\) \}\}", form), form[:120]


@pytest.mark.parametrize("path", TEMPLATES, ids=ids(TEMPLATES))
def test_every_picture_says_what_it_shows_or_that_it_is_decoration(path: Path) -> None:
    text = path.read_text("utf-8")
    for tag in re.findall(r"<img[^>]*>", text):
        assert " alt=" in tag
    for tag in re.findall(r"<svg[^>]*>", text):
        assert 'aria-hidden="true"' in tag or 'role="img"' in tag


@pytest.mark.parametrize("path", QUERIES, ids=ids(QUERIES))
def test_a_pages_queries_are_known_to_the_schema(path: Path) -> None:
    errors = validate(schema(), parse(path.read_text("utf-8")))
    assert [error.message for error in errors] == []


@pytest.mark.parametrize("path", QUERIES, ids=ids(QUERIES))
def test_each_operation_stands_alone_with_its_fragments(path: Path) -> None:
    for name, text in operations(str(path.parent / "page.py")).items():
        assert [error.message for error in validate(schema(), parse(text))] == [], name


@pytest.mark.parametrize("path", SCRIPTS, ids=ids(SCRIPTS))
def test_scripts_hold_no_eval_no_markup_and_no_texts(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(
        r"\beval\(|new Function|\.(inner|outer)HTML\b|insertAdjacentHTML|document\.write", text
    )
    assert not re.search(r"/graphql", text)
    said = re.sub(r"//.*|/\*.*?\*/", "", text, flags=re.DOTALL)
    assert not re.search(r"textContent = [\"'`][A-Z]", said)


def test_each_state_a_script_names_has_its_sentence() -> None:
    sentences = {
        name for path in TEMPLATES for name in re.findall(r"data-say=\"([\w-]+)\"", path.read_text("utf-8"))
    }
    sentences |= {
        name for path in TEMPLATES for name in re.findall(r"obstacle\(\"([\w-]+)\"", path.read_text("utf-8"))
    }
    named = {
        name
        for path in SCRIPTS
        for name in re.findall(
            r"\"((?:hint|camera|position)-[\w-]+|insecure|offline)\"", path.read_text("utf-8")
        )
    }
    assert named - sentences == set()


def test_every_text_can_take_its_values() -> None:
    """A lone per cent sign in one breaks its page when it is shown, and only then."""
    said = [word for text in texts() for word in _forms(text.id)]
    for locale in LOCALES:
        if locale != SOURCE:
            said += [word for text in catalogue(locale) if text.id for word in _forms(text.string)]
    broken = [text for text in said if re.search(r"%(?!\(\w+\)s)", text.replace("%%", ""))]
    assert said
    assert broken == []


def _forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)
