"""The types that users see. Checked by mypy --strict, never run."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from gettext import NullTranslations
from pathlib import Path
from typing import assert_type

import cyclone_locale
from cyclone_locale import CSVLocale, GettextLocale, Locale, Registry

NOW = datetime.now(UTC)


def loading(registry: Registry, path: Path) -> None:
    """A directory is a string or a path; the encoding and the domain may be left out."""
    cyclone_locale.load_translations("locale")
    cyclone_locale.load_translations(path, encoding="utf-16")
    cyclone_locale.load_gettext_translations("locale")
    cyclone_locale.load_gettext_translations(path, "shop")
    cyclone_locale.load_translations(b"locale")  # type: ignore[arg-type]
    assert_type(cyclone_locale.reload_if_changed(), bool)
    registry.load_gettext_translations(path, domain="shop")
    registry.use_cldr()
    cyclone_locale.use_cldr(False)
    cyclone_locale.set_default_locale("pt_BR")


def choosing(registry: Registry, user_choice: str | None) -> None:
    """Codes may be missing; what comes back never is."""
    assert_type(cyclone_locale.get("pt_BR", user_choice), Locale)
    assert_type(cyclone_locale.get(), Locale)
    assert_type(Locale.get("pt_BR"), Locale)
    assert_type(Locale.get_closest("pt_BR", None), Locale)
    assert_type(registry.get(user_choice), Locale)
    assert_type(registry.get_exact("pl"), Locale)
    assert_type(cyclone_locale.get_supported_locales(), frozenset[str])
    assert_type(cyclone_locale.default_registry, Registry)
    Locale.get(None)  # type: ignore[arg-type]


def negotiating(header: str) -> None:
    """Header to languages, languages to a code."""
    found = cyclone_locale.parse_accept_language(header)
    assert_type(found, list[tuple[str, float]])
    codes: Iterator[str] = (language for language, _ in found)
    assert_type(cyclone_locale.closest_locale(codes, {"pt", "en"}), str | None)
    assert_type(cyclone_locale.normalize_code("pt-br"), str | None)
    assert_type(cyclone_locale.is_rtl("ar"), bool)


def translating(locale: Locale) -> None:
    """Texts in, text out; a plural takes a count."""
    assert_type(locale.translate("a"), str)
    assert_type(locale.translate("a", "b", 2), str)
    assert_type(locale.translate("a", plural_message="b", count=2), str)
    assert_type(locale.pgettext("context", "a", "b", 2), str)
    locale.translate("a", "b", "2")  # type: ignore[arg-type]
    assert_type(
        CSVLocale("pl", {"unknown": {"a": "b"}}).translations, Mapping[str, Mapping[str, str]]
    )
    assert_type(GettextLocale("pl", NullTranslations()).translations, NullTranslations)


def formatting(locale: Locale) -> None:
    """Dates are datetimes or numbers; days are dates too; lists are any iterable of texts."""
    assert_type(locale.format_date(NOW, 60, True, False, True, now=NOW), str)
    locale.format_date(1.5)
    locale.format_date("now")  # type: ignore[arg-type]
    assert_type(locale.format_day(date(2013, 4, 28), dow=False), str)
    assert_type(locale.list(part for part in "abc"), str)
    locale.list([1])  # type: ignore[list-item]
    assert_type(locale.friendly_number(1), str)
    assert_type(locale.format_currency(Decimal("1.5"), "EUR", format_type="name"), str)
    locale.format_currency(1, "EUR", format_type="none")  # type: ignore[arg-type]
    assert_type(locale.format_number(1.5), str)
    assert_type(locale.format_decimal(1, format="0.0"), str)
    assert_type(locale.format_percent(0.5), str)
    assert_type(locale.format_datetime(NOW, "short", tz=UTC), str)
    assert_type(locale.plural_category(2), str)


def names(locale: Locale) -> None:
    """The table is read-only."""
    assert_type(cyclone_locale.LOCALE_NAMES["pt_BR"]["name"], str)
    cyclone_locale.LOCALE_NAMES["xx"] = {"name_en": "", "name": ""}  # type: ignore[index]
    cyclone_locale.LOCALE_NAMES["pt_BR"]["name"] = ""  # type: ignore[index]
    cyclone_locale.LOCALE_NAMES["pt_BR"]["nom"]  # type: ignore[index]
    assert_type(locale.code, str)
    assert_type(locale.name, str)
    assert_type(locale.rtl, bool)
    assert_type(cyclone_locale.CONTEXT_SEPARATOR, str)
