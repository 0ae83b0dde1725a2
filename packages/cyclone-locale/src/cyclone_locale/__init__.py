"""Translation catalogues and localized formatting, for the cyclone web framework.

The functions of ``tornado.locale`` and of the classic ``cyclone.locale``: catalogues of gettext and
in CSV files, the choice of a user's locale, dates, numbers and lists. Needs nothing but Python's
standard library; with the extra ``babel``, and only if `use_cldr` is called, all formats and plural
rules are CLDR's.
"""

from cyclone_locale.errors import (
    CatalogueDirectoryError,
    LocaleError,
    MissingBabelError,
    UnsupportedLocaleError,
)
from cyclone_locale.locales import CONTEXT_SEPARATOR, Locale
from cyclone_locale.names import LOCALE_NAMES
from cyclone_locale.negotiation import closest_locale, parse_accept_language
from cyclone_locale.registry import (
    Registry,
    default_registry,
    get,
    get_supported_locales,
    load_gettext_translations,
    load_translations,
    reload_if_changed,
    set_default_locale,
    use_cldr,
)
from cyclone_locale.tags import is_rtl, normalize_code
from cyclone_locale.translators import CSVLocale, GettextLocale

__all__ = [
    "CONTEXT_SEPARATOR",
    "LOCALE_NAMES",
    "CSVLocale",
    "CatalogueDirectoryError",
    "GettextLocale",
    "Locale",
    "LocaleError",
    "MissingBabelError",
    "Registry",
    "UnsupportedLocaleError",
    "closest_locale",
    "default_registry",
    "get",
    "get_supported_locales",
    "is_rtl",
    "load_gettext_translations",
    "load_translations",
    "normalize_code",
    "parse_accept_language",
    "reload_if_changed",
    "set_default_locale",
    "use_cldr",
]
