"""The two kinds of locales: one translates with CSV catalogues, the other with gettext's."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cyclone_locale.locales import CONTEXT_SEPARATOR, Locale

if TYPE_CHECKING:
    from gettext import NullTranslations

    from cyclone_locale.csvfiles import CSVTranslations

__all__ = ["CSVLocale", "GettextLocale"]

_log = logging.getLogger("cyclone.locale")


def _need_count(count: int | None) -> int:
    if count is None:
        raise TypeError("a message with a plural needs a count: translate(singular, plural, count)")
    return count


class CSVLocale(Locale):
    """A locale that translates with the catalogues of ``load_translations``.

    Without CLDR there are two plural forms, as in English: rows marked ``singular`` serve the
    number 1, rows marked ``plural`` all others. With CLDR, rows may be marked with the language's
    own plural categories (``one``, ``few``, ``many`` ...), which are looked for first; such a row
    may have the singular or the plural as its message.

    Source: ``CSVLocale`` of Tornado.

    Args:
        code: The code, such as ``pt_BR``.
        translations: Indicator (``unknown``, ``singular``, ``plural``, or a category of CLDR) to
            message to translation.
        use_cldr: Whether dates, numbers, lists and plurals follow CLDR. Needs Babel.
    """

    def __init__(self, code: str, translations: CSVTranslations, *, use_cldr: bool = False) -> None:
        super().__init__(code, use_cldr=use_cldr)
        self._translations = translations
        self._unknown = translations.get("unknown", {})
        self._warned = False

    @property
    def translations(self) -> CSVTranslations:
        """Indicator to message to translation."""
        return self._translations

    def translate(
        self, message: str, plural_message: str | None = None, count: int | None = None
    ) -> str:
        """Translate a message; see `Locale.translate`."""
        if plural_message is None:
            return self._unknown.get(message, message)
        count = _need_count(count)
        indicator = "singular" if count == 1 else "plural"
        message, alternative = (
            (message, plural_message) if count == 1 else (plural_message, message)
        )
        if self._formats is not None:
            rows = self._translations.get(self._formats.plural_category(count), {})
            # A category may hold 1 and other numbers, as Russian's `one` holds 21. Its row is made
            # once, with one of the two messages, and serves them all.
            for text in (message, alternative):
                if text in rows:
                    return rows[text]
            rows = self._translations.get("other", {})
            if message in rows:
                return rows[message]
        return self._translations.get(indicator, {}).get(message, message)

    def pgettext(
        self,
        context: str,  # noqa: ARG002 - CSV files hold no contexts
        message: str,
        plural_message: str | None = None,
        count: int | None = None,
    ) -> str:
        """Translate a message as if it had no context: CSV catalogues know none.

        A locale that has a catalogue warns of it once; Tornado warns at each call.
        """
        if self._translations and not self._warned:
            self._warned = True
            _log.warning(
                "pgettext() translates without the context in %s: CSV catalogues have none; "
                "use gettext's",
                self.code,
            )
        return self.translate(message, plural_message, count)


class GettextLocale(Locale):
    """A locale that translates with the catalogues of ``load_gettext_translations``.

    Source: ``GettextLocale`` of Tornado.

    Args:
        code: The code, such as ``pt_BR``.
        translations: The catalogue, as the standard library's `gettext` reads it.
        use_cldr: Whether dates, numbers and lists follow CLDR. Needs Babel. Plural forms follow
            the catalogue in any case.
    """

    def __init__(
        self, code: str, translations: NullTranslations, *, use_cldr: bool = False
    ) -> None:
        super().__init__(code, use_cldr=use_cldr)
        self._translations = translations
        self.gettext = translations.gettext
        self.ngettext = translations.ngettext

    @property
    def translations(self) -> NullTranslations:
        """The catalogue."""
        return self._translations

    def translate(
        self, message: str, plural_message: str | None = None, count: int | None = None
    ) -> str:
        """Translate a message; see `Locale.translate`.

        The empty message stays empty. gettext keeps the head of the catalogue under it, with the
        names of the translators, and Tornado would print that.
        """
        if plural_message is not None:
            return self.ngettext(message, plural_message, _need_count(count))
        return self.gettext(message) if message else ""

    def pgettext(
        self,
        context: str,
        message: str,
        plural_message: str | None = None,
        count: int | None = None,
    ) -> str:
        """Translate a message that means different things in different places.

        Without a translation in this context, a plural is translated without the context, and a
        message without plural is returned as it is, both as Tornado does.
        """
        key = f"{context}{CONTEXT_SEPARATOR}{message}"
        if plural_message is None:
            found = self.gettext(key)
            return message if found == key else found
        count = _need_count(count)
        plural_key = f"{context}{CONTEXT_SEPARATOR}{plural_message}"
        found = self.ngettext(key, plural_key, count)
        if found in {key, plural_key}:
            return self.ngettext(message, plural_message, count)
        return found
