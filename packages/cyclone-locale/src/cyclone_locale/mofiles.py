"""gettext catalogues: ``{directory}/{lang}/LC_MESSAGES/{domain}.mo``, read by the standard library.

A file that gettext cannot read costs its own language only, with one warning that says what is
wrong with it. That takes care: the standard library's reader raises a dozen different exceptions
for damaged files, and accepts plural rules that divide by zero once they are used.
"""

from __future__ import annotations

import copy
import gettext
import io
import logging
import struct
from typing import TYPE_CHECKING

from cyclone_locale.files import read_regular

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["chain_mo", "read_mo"]

_log = logging.getLogger("cyclone.locale")

# Plural rules look at the last one or two digits; this covers every remainder that languages use.
_TRIED_COUNTS = range(1001)

# What reading a damaged file raises, besides `struct.error`: OSError (magic number, version, table
# outside of the file), ValueError (plural rule, text that is not in the charset), LookupError
# (charset unknown, header without `charset=` or `plural=`), ArithmeticError (division by zero).
_DAMAGED = (OSError, ValueError, LookupError, ArithmeticError, struct.error)


def read_mo(path: Path, consequence: str = "skipped") -> gettext.GNUTranslations | None:
    """Read one compiled catalogue.

    Source: ``load_gettext_translations`` of Tornado, which reads through ``gettext.translation``
    and its cache for the whole process; here a file is read when it is asked for.

    Args:
        path: The ``.mo`` file.
        consequence: What happens if the file cannot be used, for the warning.

    Returns:
        The catalogue, or ``None`` if the file could not be used, which has been warned of.
    """
    try:
        data = read_regular(path)
    except OSError as error:
        _log.warning("%s: cannot be read (%s): %s", path, error.strerror, consequence)
        return None
    try:
        translations = gettext.GNUTranslations(io.BytesIO(data))
        for count in _TRIED_COUNTS:
            translations.ngettext("", "", count)
    except _DAMAGED as error:
        _log.warning(
            "%s (%d bytes): broken catalogue, %s: %s; compile it again with msgfmt",
            *(path, len(data), _describe(error), consequence),
        )
        return None
    return translations


def _describe(error: Exception) -> str:
    """Say what is wrong, and where as far as it is known."""
    if isinstance(error, UnicodeDecodeError):
        text = error.object[max(0, error.start - 20) : error.start + 20]
        return (
            f"text that is not {error.encoding} at byte {error.start} of a message, near {text!r}"
        )
    if isinstance(error, struct.error):
        return "a header or table that ends too early"
    if isinstance(error, IndexError):
        return "a header without charset or plural rule"
    if isinstance(error, ArithmeticError):
        return f"a plural rule that cannot be computed ({error})"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error)


def chain_mo(
    own: gettext.NullTranslations, parents: Sequence[gettext.NullTranslations]
) -> gettext.NullTranslations:
    """Fill the gaps of a catalogue, such as ``pt_BR``, from wider ones, such as ``pt``.

    Source: ``gettext.translation``, which does the same when it looks for ``pt_BR``.

    Args:
        own: The catalogue.
        parents: What is asked for messages that it lacks, the closest first.

    Returns:
        A new object that shares the messages; none of the arguments is changed.
    """
    chained = copy.copy(own)
    for parent in parents:
        chained.add_fallback(copy.copy(parent))
    return chained
