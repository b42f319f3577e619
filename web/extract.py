"""`python -m web.extract` brings the catalogues up to date with the pages: new texts come in empty, for a
person to translate; texts that no page uses go out."""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from web.language import FOLDER, LOCALES, SOURCE
from web.render import FOLDER as PAGES


def texts() -> Catalog:
    """Every text of the pages, with the files it stands in."""
    found = Catalog(project="Hadir")
    options = {"**.html": {"trimmed": "true", "silent": "false"}}
    methods = [("**.html", "jinja2.ext:babel_extract")]
    for name, _, message, comments, context in extract_from_dir(PAGES, methods, options):
        found.add(message, None, [(Path(name).as_posix(), 0)], auto_comments=comments, context=context)
    return found


def catalogue(locale: str) -> Catalog:
    path = FOLDER / locale / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as source:
        return read_po(source, locale=locale)


def main() -> None:
    for locale in LOCALES:
        if locale == SOURCE:
            continue
        known = catalogue(locale)
        known.update(texts(), no_fuzzy_matching=True, update_header_comment=False, update_creation_date=False)
        known.msgid_bugs_address = ""
        known.revision_date = known.creation_date
        with (FOLDER / locale / "LC_MESSAGES" / "messages.po").open("wb") as target:
            write_po(target, known, width=110, no_location=True, sort_output=True, ignore_obsolete=True)


if __name__ == "__main__":
    main()
