"""What the package raises on purpose.

::

    LocaleError
    ├── UnsupportedLocaleError (also LookupError)  no catalogue has this code
    ├── CatalogueDirectoryError (also OSError)     there is no such directory, or it cannot be read
    └── MissingBabelError (also ImportError)       CLDR was asked for, and Babel is not installed

A broken catalogue raises nothing: it is one warning of the logger ``cyclone.locale``, and
everything else loads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CatalogueDirectoryError", "LocaleError", "MissingBabelError", "UnsupportedLocaleError"]


class LocaleError(Exception):
    """The root of the errors of this package."""


class UnsupportedLocaleError(LocaleError, LookupError):
    """A locale was asked for by its exact code, and no catalogue has that code.

    Source: Tornado stops here with a failed ``assert``, which vanishes under ``python -O``.

    Args:
        code: The code that was asked for.
        supported: The codes that there are.

    Attributes:
        code: The code that was asked for.
        supported: The codes that there are, sorted.
    """

    def __init__(self, code: str, supported: Iterable[str]) -> None:
        self.code = code
        self.supported = sorted(supported)
        # Both go to `args`, so that the exception survives pickling.
        super().__init__(code, self.supported)

    def __str__(self) -> str:
        """Name the code, what there is instead, and what accepts any code."""
        return (
            f"no locale {self.code!r}; supported are {', '.join(self.supported)}. Load a catalogue "
            "for it, or use get_closest(), which falls back on the default locale"
        )


class CatalogueDirectoryError(LocaleError, OSError):
    """The directory of the catalogues does not exist, is no directory, or cannot be read.

    Made as every ``OSError`` is, from ``errno``, ``strerror`` and ``filename``, which are attributes.
    """

    def __str__(self) -> str:
        """Name the directory, and what is wrong with it."""
        return f"cannot read the directory of catalogues {self.filename!r}: {self.strerror}"


class MissingBabelError(LocaleError, ImportError):
    """Something needs CLDR data, and Babel is not installed.

    Args:
        what: What needs it, as the beginning of a sentence.

    Attributes:
        what: What needs it.
    """

    def __init__(self, what: str) -> None:
        # What was given goes to `args`, so that the exception survives pickling.
        super().__init__(what, name="babel")
        self.what = what
        self.msg = f'{what} needs Babel. Type:  pip install "cyclone-locale[babel]"'
