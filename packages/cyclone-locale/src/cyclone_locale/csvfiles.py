"""CSV catalogues: one file for each locale, one row for each translation.

::

    "I love you","Te amo"
    "%(name)s liked this","A %(name)s le gustó esto","singular"
    "%(name)s liked this","A %(name)s les gustó esto","plural"

What cannot be used is left out, with one warning that names the file and the line; all other rows
load. Translators edit such files in spreadsheets, so one bad row must not cost them a language.
"""

from __future__ import annotations

import codecs
import csv
import io
import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cyclone_locale.files import read_regular

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["INDICATORS", "CSVTranslations", "check_encoding", "merge_csv", "read_csv"]

#: Indicator to message to translation.
CSVTranslations = Mapping[str, Mapping[str, str]]

_log = logging.getLogger("cyclone.locale")

#: What the third column may hold: Tornado's words, and CLDR's plural categories.
INDICATORS = ("unknown", "singular", "plural", "zero", "one", "two", "few", "many", "other")

# A file that is no catalogue at all has an error in every line: the log needs no more than this.
MAX_WARNINGS = 10
# A quote that never closes would swallow the file. With this bound it costs one row, and no line is
# read more often than that, so the work is linear without ever giving up. Mails and terms of use
# have tens of lines; a bound on the number of such quotes would lose the rows behind them.
MAX_ROW_LINES = 200

_UNCLOSED = (
    f"row with a quote that is not closed (or does not close within {MAX_ROW_LINES} lines), or with "
    "a column that is too long"
)
_REPLACED = "\ufffd"


def check_encoding(encoding: str | None) -> None:
    """Refuse an encoding that Python does not know, before any file is blamed for it.

    Args:
        encoding: The name of a text encoding, or ``None``.

    Raises:
        ValueError: There is no text encoding of this name.
    """
    if encoding is None:
        return
    try:
        # Only decoding tells text encodings from others, such as `rot13`; a few bytes must be
        # there, for of nothing every name is a valid encoding.
        b"0000".decode(encoding)
    except UnicodeError:
        pass  # these bytes mean nothing in it, which tells nothing about the files
    except (LookupError, ValueError):
        raise ValueError(
            f"unknown text encoding {encoding!r}: use for example 'utf-8', 'utf-16' or 'latin-1', "
            "or None to detect UTF-8 and UTF-16"
        ) from None


def read_csv(
    path: Path, encoding: str | None = None, consequence: str = "skipped"
) -> dict[str, dict[str, str]] | None:
    """Read the translations of one file.

    Source: ``load_translations`` of Tornado, with these differences: the encoding is detected for
    each file anew, broken rows are reported with the line where they begin, and none of them ends
    the reading. A file in which there are rows and none can be used is broken as a whole.

    Args:
        path: The file.
        encoding: Its encoding; ``None`` means UTF-16 if the file begins with a byte order mark of
            UTF-16, else UTF-8 with or without a mark.
        consequence: What happens if the file cannot be used, for the warning.

    Returns:
        Indicator to message to translation; nothing for an empty file. ``None`` if the file is
        broken as a whole, which is one warning.
    """
    try:
        data = read_regular(path)
    except OSError as error:
        _log.warning("%s: cannot be read (%s): %s", path, error.strerror, consequence)
        return None
    name = encoding or _detect(data)
    try:
        text, damaged = data.decode(name), False
    except UnicodeError:
        try:
            text, damaged = data.decode(name, "replace"), True
        except UnicodeError as error:  # a codec that cannot replace
            _log.warning("%s: is not %s text (%s): %s", path, name, error, consequence)
            return None
    warn = _Warnings(path)
    translations: dict[str, dict[str, str]] = {}
    # Line ends inside quotes become "\n", whatever the system that the file was written on.
    lines = list(io.StringIO(text.removeprefix("\ufeff"), newline=None))
    for line, row in _rows(lines, warn):
        columns = [column.strip() for column in row]
        if not any(columns):
            continue
        said = _objection(columns, name if damaged else "")
        if said:
            warn(line, said)
        else:
            indicator = columns[2] if len(columns) > 2 else ""  # noqa: PLR2004 - third column
            translations.setdefault(indicator or "unknown", {})[columns[0]] = columns[1]
    if warn.count and not translations:
        warn.give_up(consequence)
        return None
    warn.write()
    return translations


def _detect(data: bytes) -> str:
    """Name the encoding that the first bytes tell."""
    utf16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return "utf-16" if data.startswith(utf16) else "utf-8"


def _objection(columns: list[str], damaged: str) -> str:
    """Say what is wrong with a row that is not empty.

    `damaged` is the name of the encoding if the file breaks its rules somewhere.
    """
    if damaged and any(_REPLACED in column for column in columns):
        return f"row with bytes that are not {damaged}"
    if any("\x00" in column for column in columns):
        return "row with a NUL character"
    if len(columns) == 1:
        return "row with one column, where a message and its translation are needed"
    if not columns[0]:
        return "row without a message in its first column"
    if len(columns) > 2 and columns[2] and columns[2] not in INDICATORS:  # noqa: PLR2004
        known = ", ".join(INDICATORS)
        return f"unknown plural indicator {columns[2]!r} ({known}, or nothing)"
    return ""


def _rows(lines: list[str], warn: _Warnings) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its first line.

    The reader is strict, because only then a quote that never closes is an error, and not a row
    that swallows what follows. What is strange within one line (`"a"b`) is then read again as
    leniently as Tornado reads it. Lines of a broken row are not: that would make a translation of
    the end of a row.
    """
    start = suspect = 0  # indexes: where the next row begins, and up to where a broken one reached
    while start < len(lines):
        reader = csv.reader(lines[start : start + MAX_ROW_LINES], strict=True)
        try:
            yield start + 1, next(reader)
        except csv.Error:
            one_line = reader.line_num == 1
            lenient = _read_leniently(lines[start]) if one_line else None
            if lenient is None:
                warn(start + 1, _UNCLOSED)
            elif start < suspect:
                warn(start + 1, "line with a stray quote, after a row that is broken")
            else:
                yield start + 1, lenient
            suspect = max(suspect, start + reader.line_num)
            start += 1
        else:
            start += reader.line_num


def _read_leniently(line: str) -> list[str] | None:
    """Read a line as a row; `None` if its last quote is open, or a column is too long."""
    # The empty line after it is a row of its own, unless an open quote takes it in.
    reader = csv.reader([line, ""])
    try:
        row = next(reader)
    except csv.Error:
        return None
    return row if reader.line_num == 1 else None


def merge_csv(own: CSVTranslations, parent: CSVTranslations) -> dict[str, dict[str, str]]:
    """Fill the gaps of a catalogue, such as ``pt_BR``, from a wider one, such as ``pt``.

    Args:
        own: Indicator to message to translation.
        parent: The same, for what `own` lacks.

    Returns:
        A new catalogue.
    """
    return {
        indicator: {**parent.get(indicator, {}), **own.get(indicator, {})}
        for indicator in {**parent, **own}
    }


class _Warnings:
    """What is wrong in one file: the first rows in full, the others as a number."""

    def __init__(self, path: Path) -> None:
        self.count = 0
        self._path = path
        self._first: list[str] = []

    def __call__(self, line: int, said: str) -> None:
        """Note what is wrong in a row; its line is counted from 1."""
        self.count += 1
        if self.count <= MAX_WARNINGS:
            self._first.append(f"line {line}: {said}")

    def write(self) -> None:
        """Warn of each row, and say how many warnings were kept back."""
        for said in self._first:
            _log.warning("%s, %s: skipped", self._path, said)
        if self.count > MAX_WARNINGS:
            _log.warning("%s: %d more of such rows", self._path, self.count - MAX_WARNINGS)

    def give_up(self, consequence: str) -> None:
        """Warn of the file as a whole."""
        _log.warning(
            "%s, %s; no other row can be used either: %s",
            *(self._path, self._first[0], consequence),
        )
