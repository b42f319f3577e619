"""Templates: a whole page, or one block of it as a fragment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from web.assets import Assets
from web.language import LOCALES, filters, translations

FOLDER = Path(__file__).parent / "pages"
OPTIONS: dict[str, Any] = {"extensions": ["jinja2.ext.i18n"], "trim_blocks": True, "lstrip_blocks": True}


class Pages:
    def __init__(self, assets: Assets) -> None:
        self._by_locale = {locale: _environment(locale, assets) for locale in LOCALES}

    def whole(self, template: str, locale: str, context: Mapping[str, Any]) -> str:
        return self._by_locale[locale].get_template(template).render(context)

    def block(self, template: str, block: str, locale: str, context: Mapping[str, Any]) -> str:
        found = self._by_locale[locale].get_template(template)
        return "".join(found.blocks[block](found.new_context(dict(context))))


def _environment(locale: str, assets: Assets) -> Environment:
    """One a language, so that filters and catalogue are bound once and not looked up by each page."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        **OPTIONS,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(translations(locale), newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(filters(locale))
    made.globals.update(locale=locale, asset=assets.url)
    # Macros as a global: a block that is rendered by itself does not see its page's imports.
    made.globals["ui"] = made.get_template("ui.html").module
    return made
