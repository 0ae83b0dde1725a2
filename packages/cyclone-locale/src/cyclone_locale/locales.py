"""What a handler and a template hold in their hands: a locale that translates and formats.

`Locale` has the formats, and leaves the translating to its two subclasses: `CSVLocale` and
`GettextLocale` in `cyclone_locale.translators`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Protocol

from cyclone_locale import cldr, dates
from cyclone_locale.names import native_name
from cyclone_locale.tags import is_rtl

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime, tzinfo

    from cyclone_locale.cldr import CLDR, CurrencyFormat, Number

__all__ = ["CONTEXT_SEPARATOR", "Locale", "LocaleSource"]

#: What gettext writes between the context and the message of one entry.
CONTEXT_SEPARATOR = "\x04"


class LocaleSource(Protocol):
    """What `Locale.get` and `Locale.get_closest` ask: a `cyclone_locale.Registry`."""

    def get(self, *codes: str | None) -> Locale:
        """Return the closest locale."""

    def get_exact(self, code: str) -> Locale:
        """Return the locale of this very code."""


class Locale(ABC):
    """A language, perhaps of one region, with its translations and its formats.

    Not made by hand: `cyclone_locale.get`, or a `cyclone_locale.Registry` of one's own, returns it.
    A locale never changes; a reload of the catalogues makes new ones.

    Source: ``Locale`` of Tornado and cyclone.

    Args:
        code: The code, such as ``pt_BR``.
        use_cldr: Whether dates, numbers, lists and plurals follow CLDR. Needs Babel.

    Attributes:
        code: The code.
        name: The name in the language itself, such as ``Português (Brasil)``, or ``Unknown``.
        rtl: Whether the language is written from right to left.
        source: Of the class: what `get` and `get_closest` ask, `cyclone_locale.default_registry`.
    """

    # Set by `cyclone_locale.registry`, which stands above this module.
    source: ClassVar[LocaleSource]

    def __init__(self, code: str, *, use_cldr: bool = False) -> None:
        self.code = code
        self.name = native_name(code)
        self.rtl = is_rtl(code)
        self._formats = cldr.load_cldr(code) if use_cldr else None

    def __repr__(self) -> str:
        """Show the class and the code."""
        return f"<{type(self).__name__} {self.code}>"

    @classmethod
    def get_closest(cls, *codes: str | None) -> Locale:
        """Return the locale that fits the first code for which any fits; see `get`.

        Source: ``Locale.get_closest`` of Tornado.
        """
        return cls.source.get(*codes)

    @classmethod
    def get(cls, code: str) -> Locale:
        """Return the locale of this very code.

        Source: ``Locale.get`` of Tornado, which stops with a failed ``assert``.

        Raises:
            UnsupportedLocaleError: No catalogue has this code, and it is not the default's.
        """
        return cls.source.get_exact(code)

    @property
    @abstractmethod
    def translations(self) -> object:
        """The catalogue that this locale translates with."""

    @abstractmethod
    def translate(
        self, message: str, plural_message: str | None = None, count: int | None = None
    ) -> str:
        """Translate a message.

        Fill in values afterwards, ``translate("%(n)d files") % {"n": n}``: what stands in the
        catalogue is the text with its placeholders.

        Source: ``Locale.translate`` of Tornado.

        Args:
            message: The message in the language of the program; the singular if there are two.
            plural_message: The plural, for messages that depend on a number.
            count: The number.

        Returns:
            The translation. Without one, `message`, or `plural_message` if `count` is not 1.

        Raises:
            TypeError: There is a `plural_message` and no `count`.
        """

    @abstractmethod
    def pgettext(
        self,
        context: str,
        message: str,
        plural_message: str | None = None,
        count: int | None = None,
    ) -> str:
        """Translate a message that means different things in different places.

        Source: ``Locale.pgettext`` of Tornado; ``pgettext`` and ``npgettext`` of gettext.

        Args:
            context: Tells the translator, and the catalogue, which meaning this is.
            message: See `translate`.
            plural_message: See `translate`.
            count: See `translate`.

        Returns:
            The translation; see the subclasses about messages without one.

        Raises:
            TypeError: There is a `plural_message` and no `count`.
        """

    def format_date(
        self,
        date: float | datetime,
        gmt_offset: int = 0,
        relative: bool = True,
        shorter: bool = False,
        full_format: bool = False,
        *,
        now: datetime | None = None,
    ) -> str:
        """Write a date as a reader likes it: ``2 minutes ago``, ``yesterday at 6:35 pm``.

        Meant for the past. What lies more than a minute ahead is written in full.

        Source: ``Locale.format_date`` of Tornado 6.6.

        Args:
            date: Seconds since 1970, or a datetime; one without a time zone is in UTC.
            gmt_offset: Minutes that the reader's clock is behind the date's time zone.
            relative: Whether ages and "yesterday" may be used.
            shorter: Whether to leave out the time of day.
            full_format: Whether to write the day with its year in any case.
            now: The time to count from; by default the clock's.

        Returns:
            The text.

        Raises:
            TypeError: `date` is neither a number nor a datetime.
        """
        when = dates.moment(date, gmt_offset, relative, full_format, now)
        if self._formats is not None:
            return self._formats.format_moment(when, shorter)
        return dates.format_moment(self.translate, self.code, when, shorter)

    def format_day(self, date: date, gmt_offset: int = 0, dow: bool = True) -> str:
        """Write a day without its year: ``Monday, January 22``.

        Source: ``Locale.format_day`` of Tornado.

        Args:
            date: A date or datetime.
            gmt_offset: Minutes that the reader's clock is behind the date's time zone.
            dow: Whether to write the day of the week.

        Returns:
            The text.
        """
        if self._formats is not None:
            return self._formats.format_day(date, gmt_offset, dow)
        return dates.format_day(self.translate, date, gmt_offset, dow)

    def list(self, parts: Iterable[str]) -> str:
        """Write a list: ``A, B and C``, ``A and B``, ``A``, or nothing at all.

        Source: ``Locale.list`` of Tornado.

        Args:
            parts: What is listed.

        Returns:
            The text.
        """
        if self._formats is not None:
            return self._formats.format_list(parts)
        *commas, last = [*parts] or [""]
        if not commas:
            return last
        comma = " و " if self.code.partition("_")[0] == "fa" else ", "
        return self.translate("%(commas)s and %(last)s") % {
            "commas": comma.join(commas),
            "last": last,
        }

    def friendly_number(self, value: int) -> str:
        """Write a number for people: ``1,234,567`` in English, plain digits elsewhere.

        With CLDR it is grouped as each locale does it.

        Source: ``Locale.friendly_number`` of Tornado, which writes ``-,123`` for -123.

        Args:
            value: The number.

        Returns:
            The text.
        """
        if self._formats is not None:
            return self._formats.format_decimal(value)
        return f"{value:,}" if self.code in {"en", "en_US"} else str(value)

    def plural_category(self, count: Number) -> str:
        """Say which plural form a number takes in this language.

        Always by CLDR, whether or not the other formats follow it, as the methods below.

        Source: UTS 35, part 3, section 5 (language plural rules).

        Args:
            count: The number.

        Returns:
            ``zero``, ``one``, ``two``, ``few``, ``many`` or ``other``.

        Raises:
            MissingBabelError: Babel is not installed.
        """
        return self._cldr("plural_category()").plural_category(count)

    def format_number(self, value: Number) -> str:
        """Write a number with the locale's separators and digits: ``1.234,5`` in German.

        Args:
            value: The number; three decimals are kept.

        Returns:
            The text.

        Raises:
            MissingBabelError: Babel is not installed.
        """
        return self._cldr("format_number()").format_decimal(value)

    def format_decimal(self, value: Number, format: str | None = None) -> str:  # noqa: A002 - Babel's name
        """Write a number by a pattern.

        Args:
            value: The number.
            format: A pattern of CLDR, such as ``#,##0.00``; ``None`` is the locale's own.

        Returns:
            The text.

        Raises:
            MissingBabelError: Babel is not installed.
            ValueError: `format` is no pattern, or has no place for the digits.
        """
        return self._cldr("format_decimal()").format_decimal(value, format)

    def format_percent(self, value: Number, format: str | None = None) -> str:  # noqa: A002
        """Write a share of 1 as percents: ``25 %`` in German, for 0.25.

        Args:
            value: The share.
            format: A pattern of CLDR, such as ``#,##0.0%``; ``None`` is the locale's own.

        Returns:
            The text.

        Raises:
            MissingBabelError: Babel is not installed.
            ValueError: `format` is no pattern, or has no place for the digits.
        """
        return self._cldr("format_percent()").format_percent(value, format)

    def format_currency(
        self,
        value: Number,
        currency: str,
        format: str | None = None,  # noqa: A002
        *,
        format_type: CurrencyFormat = "standard",
    ) -> str:
        """Write an amount of money: ``1.234,50 €`` in German, for 1234.5 and ``EUR``.

        Args:
            value: The amount; it is rounded to what the currency has. A ``Decimal`` is exact.
            currency: The currency's code of ISO 4217. One that CLDR does not know is written as it
                is.
            format: A pattern of CLDR; ``None`` is the locale's own.
            format_type: Without a `format`: ``standard``, ``accounting`` (negative amounts in
                parentheses where that is the custom) or ``name`` (``1,234.50 euros``).

        Returns:
            The text.

        Raises:
            MissingBabelError: Babel is not installed.
            ValueError: `format` is no pattern, or has no place for the digits.
            KeyError: There is no such `format_type`.
        """
        return self._cldr("format_currency()").format_currency(value, currency, format, format_type)

    def format_datetime(
        self,
        date: float | datetime,
        format: str = "medium",  # noqa: A002
        *,
        gmt_offset: int = 0,
        tz: tzinfo | None = None,
    ) -> str:
        """Write a date with its time of day.

        Args:
            date: Seconds since 1970, or a datetime; one without a time zone is in UTC.
            format: ``short``, ``medium``, ``long``, ``full``, or a pattern of CLDR such as
                ``d MMMM yyyy``.
            gmt_offset: Minutes that the reader's clock is behind the date's time zone. The zone of the
                text is then that offset, such as UTC-5.
            tz: The reader's time zone; `gmt_offset` is then not used.

        Returns:
            The text.

        Raises:
            MissingBabelError: Babel is not installed.
            TypeError: `date` is neither a number nor a datetime.
            ValueError: `gmt_offset` is more than a day away from UTC.
        """
        return self._cldr("format_datetime()").format_datetime(date, format, gmt_offset, tz)

    def _cldr(self, what: str) -> CLDR:
        """Return the formats of CLDR, its root's for a language that it does not know."""
        cldr.require_babel(what)
        return self._formats or cldr.load_cldr(self.code) or cldr.load_root()
