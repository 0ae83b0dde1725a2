"""The registry: which catalogues are loaded, which locale is the default, whether CLDR is used.

All of that is one immutable state. A change builds the next state and puts it in the place of the
former one in a single assignment, so a thread that reads meanwhile sees the old or the new one and
never a mixture; only those who change it wait for each other. The locales made from a state belong
to it: they go when it goes, so that no change leaves an old translation behind.

`Registry` may be held by an application of its own. The functions of this module, which have the
names of Tornado's, work on `default_registry`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import TYPE_CHECKING

from cyclone_locale.cldr import require_babel
from cyclone_locale.errors import CatalogueDirectoryError, UnsupportedLocaleError
from cyclone_locale.loading import CSVShelf, GettextShelf
from cyclone_locale.locales import Locale
from cyclone_locale.negotiation import closest_locale
from cyclone_locale.tags import normalize_code
from cyclone_locale.translators import CSVLocale

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from cyclone_locale.loading import CatalogueT, Shelf

__all__ = [
    "DEFAULT_LOCALE",
    "Registry",
    "default_registry",
    "get",
    "get_supported_locales",
    "load_gettext_translations",
    "load_translations",
    "reload_if_changed",
    "set_default_locale",
    "use_cldr",
]

DEFAULT_LOCALE = "en_US"
DOMAIN = "cyclone"

_log = logging.getLogger("cyclone.locale")


def _make_untranslated(code: str, use_cldr: bool) -> Locale:
    return CSVLocale(code, {}, use_cldr=use_cldr)


@dataclass(frozen=True)
class _State:
    """Everything that a registry answers from."""

    default: str = DEFAULT_LOCALE
    use_cldr: bool = False
    loaded: frozenset[str] = frozenset()
    make: Callable[[str, bool], Locale] = _make_untranslated
    # Filled while the state is in use; never taken over into the next one.
    locales: dict[str, Locale] = field(default_factory=dict, init=False)
    supported: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "supported", self.loaded | {self.default})

    def locale(self, code: str) -> Locale:
        """Return the locale of a supported code, one object for all who ask."""
        locale = self.locales.get(code)
        if locale is None:
            # Two threads may both make one; both get the one that was first.
            locale = self.locales.setdefault(code, self.make(code, self.use_cldr))
        return locale


class Registry:
    """Catalogues and the locales made from them; any number may live side by side.

    All methods may be called from any thread.
    """

    def __init__(self) -> None:
        self._state = _State()
        self._changing = RLock()
        self._refresh: Callable[[], bool] | None = None
        self._failure = ""

    def load_translations(
        self, directory: str | os.PathLike[str], encoding: str | None = None
    ) -> None:
        """Load CSV catalogues, in place of all that were loaded before.

        Args:
            directory: Holds one file for each locale, such as ``es_ES.csv``.
            encoding: The encoding of all files; ``None`` means, for each file, UTF-16 if it begins
                with a byte order mark of UTF-16, else UTF-8 with or without a mark.

        Raises:
            CatalogueDirectoryError: The directory does not exist or cannot be read; nothing has
                changed then.
            ValueError: There is no such encoding.
        """
        self._load(CSVShelf(directory, encoding))

    def load_gettext_translations(
        self, directory: str | os.PathLike[str], domain: str = DOMAIN
    ) -> None:
        """Load compiled gettext catalogues, in place of all that were loaded before.

        Args:
            directory: Holds one directory for each locale, with the catalogue in
                ``{locale}/LC_MESSAGES/{domain}.mo``.
            domain: The name of the catalogues.

        Raises:
            CatalogueDirectoryError: The directory does not exist or cannot be read; nothing has
                changed then.
            ValueError: `domain` is no name of a file.
        """
        self._load(GettextShelf(directory, domain))

    def _load(self, shelf: Shelf[CatalogueT]) -> None:
        with self._changing:
            shelf.refresh()
            self._show(shelf)

            def refresh() -> bool:
                changed = shelf.refresh()
                if changed:
                    self._show(shelf)
                return changed

            self._refresh, self._failure = refresh, ""

    def _show(self, shelf: Shelf[CatalogueT]) -> None:
        """Answer from what is on the shelf now."""
        catalogues = shelf.catalogues()

        def make(code: str, use_cldr: bool) -> Locale:
            return shelf.make(code, catalogues, use_cldr)

        self._state = replace(self._state, loaded=frozenset(catalogues), make=make)
        _log.debug("supported locales: %s", ", ".join(sorted(self._state.supported)))

    def reload_if_changed(self) -> bool:
        """Load again what has changed in the directory that was loaded last.

        Costs one `stat` for each file if nothing has, so it may be called for each request while
        an application is being written. A file that is broken now keeps its former catalogue, with
        one warning; so does everything if the directory itself is gone.

        Returns:
            Whether anything was loaded. Locales that were handed out before keep what they had.
        """
        with self._changing:
            if self._refresh is None:
                return False
            try:
                changed = self._refresh()
            except CatalogueDirectoryError as error:
                if str(error) != self._failure:
                    _log.warning("%s: all catalogues stay as they were", error)
                self._failure = str(error)
                return False
            self._failure = ""
            return changed

    def set_default_locale(self, code: str) -> None:
        """Set the locale that is used when no other fits.

        It is the language of the messages in the program itself, and needs no catalogue.

        Args:
            code: The code, in any spelling; it is ``en_US`` at first.

        Raises:
            ValueError: This is no locale code.
            TypeError: This is no text.
        """
        normalized = normalize_code(code)
        if normalized is None:
            raise ValueError(f"{code!r} is no locale code, such as 'pt_BR'")
        with self._changing:
            self._state = replace(self._state, default=normalized)

    def use_cldr(self, enable: bool = True) -> None:
        """Choose where dates, numbers, lists and plural rules come from.

        Args:
            enable: ``True`` for CLDR's data, through Babel; ``False`` for Tornado's formats, which
                is how a registry begins.

        Raises:
            MissingBabelError: Babel is not installed.
        """
        if enable:
            require_babel("use_cldr()")
        with self._changing:
            self._state = replace(self._state, use_cldr=enable)

    def get_supported_locales(self) -> frozenset[str]:
        """Return the codes of all catalogues and of the default locale."""
        return self._state.supported

    def get(self, *codes: str | None) -> Locale:
        """Return the locale that fits the first code for which any fits.

        For each code in turn, what is tried is the code itself, then what
        `cyclone_locale.closest_locale` says may stand for it.

        Args:
            codes: Codes in any spelling, the most wanted first; ``None`` and empty ones are
                skipped.

        Returns:
            The locale; the default locale if no code fits.
        """
        state = self._state
        found = closest_locale(codes, state.supported)
        return state.locale(state.default if found is None else found)

    def get_exact(self, code: str) -> Locale:
        """Return the locale of this very code.

        Args:
            code: One of `get_supported_locales`.

        Returns:
            The locale.

        Raises:
            UnsupportedLocaleError: No catalogue has this code, and it is not the default's.
        """
        state = self._state
        if code not in state.supported:
            raise UnsupportedLocaleError(code, state.supported)
        return state.locale(code)


#: What the functions of this module, and `Locale.get`, work on.
default_registry = Registry()
Locale.source = default_registry


def load_translations(directory: str | os.PathLike[str], encoding: str | None = None) -> None:
    """Load CSV catalogues; see `Registry.load_translations`.

    Source: ``load_translations`` of Tornado and cyclone.
    """
    default_registry.load_translations(directory, encoding)


def load_gettext_translations(directory: str | os.PathLike[str], domain: str = DOMAIN) -> None:
    """Load compiled gettext catalogues; see `Registry.load_gettext_translations`.

    Source: ``load_gettext_translations`` of Tornado, where the domain has no default, and cyclone.
    """
    default_registry.load_gettext_translations(directory, domain)


def reload_if_changed() -> bool:
    """Load again what has changed; see `Registry.reload_if_changed`."""
    return default_registry.reload_if_changed()


def set_default_locale(code: str) -> None:
    """Set the locale that is used when no other fits; see `Registry.set_default_locale`.

    Source: ``set_default_locale`` of Tornado and cyclone.
    """
    default_registry.set_default_locale(code)


def use_cldr(enable: bool = True) -> None:
    """Choose CLDR's formats, or Tornado's; see `Registry.use_cldr`."""
    default_registry.use_cldr(enable)


def get_supported_locales() -> frozenset[str]:
    """Return the codes of all catalogues and of the default locale.

    Source: ``get_supported_locales`` of Tornado and cyclone.
    """
    return default_registry.get_supported_locales()


def get(*codes: str | None) -> Locale:
    """Return the locale that fits the first code for which any fits; see `Registry.get`.

    Source: ``get`` of Tornado and cyclone.
    """
    return default_registry.get(*codes)
