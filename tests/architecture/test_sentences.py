"""Whatever the API answers is said in both languages, with the same gaps to fill, and nothing is said in vain."""

import ast
import string
import tomllib
from collections.abc import Iterator

import pytest

from api.core import errors
from api.core.i18n import API, CATALOGUES, LOCALES, catalogue

#: Text in a program that is no code of a sentence would be found nowhere in the catalogues.
SPOKEN_BY = [*API.rglob("*.py")]


def entries(name: str, locale: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((API / f"{name}.{locale}.toml").read_text("utf-8"))


def gaps(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}


def every_error() -> Iterator[type[errors.HadirError]]:
    waiting = [errors.HadirError]
    while waiting:
        found = waiting.pop()
        waiting += found.__subclasses__()
        if found is not errors.HadirError:
            yield found


def spoken() -> set[str]:
    """Every text that stands in the API's program as a whole."""
    nodes = (node for path in SPOKEN_BY for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@pytest.mark.parametrize("name", CATALOGUES)
def test_both_languages_say_the_same_things(name: str) -> None:
    first, second = (entries(name, locale) for locale in LOCALES)
    assert list(first) == list(second)
    for code in first:
        assert set(first[code]) == set(second[code]) <= {"message", "next"}, code
        for part in first[code]:
            assert gaps(first[code][part]) == gaps(second[code][part]), (code, part)
            assert first[code][part].strip() == first[code][part] != ""


def test_no_code_is_said_twice() -> None:
    told = [code for name in CATALOGUES for code in entries(name, LOCALES[0])]
    assert len(told) == len(set(told))


def test_every_error_has_its_sentence_and_what_to_do_next() -> None:
    for error in every_error():
        for locale in LOCALES:
            assert catalogue(locale)[error.code].get("next"), (error.code, locale)


@pytest.mark.parametrize("name", CATALOGUES)
def test_no_sentence_is_unused(name: str) -> None:
    said = spoken()
    assert set(entries(name, LOCALES[0])) - said - {f"FIELD_{text}" for text in said} == set()


def test_every_detail_that_is_raised_has_its_sentence_and_fills_its_gaps() -> None:
    """`InvalidInput("field", "CODE", least=1)`: the code is known, and all that its sentence asks for is given."""
    raised = 0
    for path in SPOKEN_BY:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (
                isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "InvalidInput"
            ):
                continue
            constants = [a.value for a in node.args if isinstance(a, ast.Constant)]
            if len(node.args) != len(constants) or not constants:
                continue  # the schema's type of that name, or a code that a rule found
            code = str(constants[1]) if len(constants) > 1 else errors.InvalidInput.code
            given = {"field", *(keyword.arg for keyword in node.keywords)}
            for locale in LOCALES:
                wanted = set().union(*(gaps(text) for text in catalogue(locale)[code].values()))
                assert wanted <= given, f"{path.name}:{node.lineno} {code} lacks {wanted - given}"
                called = f"FIELD_{constants[0]}"
                assert "field" not in wanted or called in catalogue(locale), (
                    f"what do people call it? {called}"
                )
            raised += 1
    assert raised > 10


def test_nothing_accuses_anybody() -> None:
    accusing = {"id": ("palsu", "curang", "menipu", "pelaku"), "en": ("fake", "cheat", "fraud", "culprit")}
    for locale, words in accusing.items():
        for code, entry in catalogue(locale).items():
            text = " ".join(entry.values()).lower()
            assert not [word for word in words if word in text], code
