"""Loading: from a directory to the catalogues in it, and later only what has changed there.

A shelf is one directory with catalogues of one kind. It remembers each file that it has read, so
that looking again costs one `stat` for each. Nothing in here knows of threads: the registry sees
to it that one of them refreshes a shelf, and gives the others finished results only.
"""

from __future__ import annotations

import codecs
import logging
import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from gettext import NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from cyclone_locale.csvfiles import CSVTranslations, check_encoding, merge_csv, read_csv
from cyclone_locale.errors import CatalogueDirectoryError
from cyclone_locale.mofiles import chain_mo, read_mo
from cyclone_locale.tags import parents, parse_code
from cyclone_locale.translators import CSVLocale, GettextLocale

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cyclone_locale.locales import Locale

__all__ = ["CSVShelf", "GettextShelf", "Shelf"]

_log = logging.getLogger("cyclone.locale")

CatalogueT = TypeVar("CatalogueT")
Stamp = tuple[int, ...]


@dataclass(frozen=True)
class _File(Generic[CatalogueT]):
    """A file as it was when it was read.

    `refused` says why it is no catalogue, if its name is the reason; `catalogue` is `None` then,
    and also if the file was broken from the beginning.
    """

    stamp: Stamp
    code: str
    refused: str
    catalogue: CatalogueT | None


class Shelf(ABC, Generic[CatalogueT]):
    """One directory with catalogues of one kind.

    Args:
        directory: The directory.
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self.directory = Path(directory)
        self._files: dict[Path, _File[CatalogueT]] = {}
        self._looked = False

    def refresh(self) -> bool:
        """Read the files that are new or have changed, and forget those that are gone.

        A file that was fine before and is broken now keeps its former catalogue.

        Returns:
            Whether any catalogue came, went or changed.

        Raises:
            CatalogueDirectoryError: The directory does not exist or cannot be read.
        """
        files: dict[Path, _File[CatalogueT]] = {}
        taken: dict[str, Path] = {}
        # A name in our own spelling comes before others that mean the same locale.
        found = sorted(self._find(), key=lambda item: (item[0] != self._code(item[0]), item[0]))
        for name, path in found:
            code = self._code(name)
            rival = taken.setdefault(code, path) if code else path
            refused = ""
            if not code:
                refused = f"{name!r} is no locale, such as 'pt_BR'"
            elif rival != path:
                refused = f"this is {code} too, as {rival}"
            files[path] = self._file(path, code, refused)
        if not files and not self._looked:
            _log.warning("%s: no catalogues in here; looked for %s", self.directory, self._pattern)
        before, after = _catalogue_ids(self._files), _catalogue_ids(files)
        self._files, self._looked = files, True
        return before != after

    def _file(self, path: Path, code: str, refused: str) -> _File[CatalogueT]:
        """Return what is known about a file, or find it out."""
        # Before reading: what is written in the meantime is then seen the next time.
        stamp = _stamp(path)
        known = self._files.get(path)
        if refused:
            if known is None or known.refused != refused:
                _log.warning("%s: %s: skipped", path, refused)
            return _File(stamp, code, refused, None)
        if known is not None and known.stamp == stamp and not known.refused:
            return known
        if known is None or known.catalogue is None:
            return _File(stamp, code, "", self._read(path, "skipped"))
        read = self._read(path, "the catalogue stays as it was")
        return _File(stamp, code, "", known.catalogue if read is None else read)

    def catalogues(self) -> dict[str, CatalogueT]:
        """Return code to catalogue, as a new dictionary."""
        return {
            file.code: file.catalogue for file in self._files.values() if file.catalogue is not None
        }

    def _entries(self) -> list[os.DirEntry[str]]:
        """List the directory."""
        try:
            with os.scandir(self.directory) as entries:
                return list(entries)
        except OSError as error:
            raise CatalogueDirectoryError(
                error.errno, f"{error.strerror}; it holds {self._pattern}", str(self.directory)
            ) from error

    @property
    @abstractmethod
    def _pattern(self) -> str:
        """What the files are called, for messages."""

    def _code(self, name: str) -> str:
        """Return the code that a file or directory is called by, or nothing."""
        return _code_of_name(name)

    @abstractmethod
    def _find(self) -> Iterator[tuple[str, Path]]:
        """Yield the name that should be a locale, and the file."""

    @abstractmethod
    def _read(self, path: Path, consequence: str) -> CatalogueT | None:
        """Read a file, or warn and return `None`."""

    @staticmethod
    @abstractmethod
    def make(code: str, catalogues: Mapping[str, CatalogueT], use_cldr: bool) -> Locale:
        """Make a locale, with the gaps of its catalogue filled from its parents'.

        Args:
            code: The locale's code.
            catalogues: What `catalogues` returned.
            use_cldr: Whether its formats follow CLDR.

        Returns:
            The locale. One without a catalogue translates nothing, as the default locale does.
        """


class CSVShelf(Shelf["CSVTranslations"]):
    """A directory with files such as ``pt_BR.csv``.

    Args:
        directory: The directory.
        encoding: The encoding of all files; `None` detects it for each.

    Raises:
        ValueError: There is no such encoding.
    """

    _pattern = "files such as 'pt_BR.csv'"

    def __init__(self, directory: str | os.PathLike[str], encoding: str | None) -> None:
        super().__init__(directory)
        check_encoding(encoding)
        self._encoding = encoding

    def _find(self) -> Iterator[tuple[str, Path]]:
        for entry in self._entries():
            if entry.name.endswith(".csv"):
                yield entry.name.removesuffix(".csv"), self.directory / entry.name

    def _read(self, path: Path, consequence: str) -> CSVTranslations | None:
        return read_csv(path, self._encoding, consequence)

    @staticmethod
    def make(code: str, catalogues: Mapping[str, CSVTranslations], use_cldr: bool) -> Locale:
        """Make a `CSVLocale`; see `Shelf.make`."""
        translations = catalogues.get(code, {})
        for parent in parents(code):
            translations = merge_csv(translations, catalogues.get(parent, {}))
        return CSVLocale(code, translations, use_cldr=use_cldr)


class GettextShelf(Shelf[NullTranslations]):
    """A directory with files such as ``pt_BR/LC_MESSAGES/cyclone.mo``.

    Args:
        directory: The directory.
        domain: The name of the files, without their extension.

    Raises:
        ValueError: The domain is no name of a file.
    """

    def __init__(self, directory: str | os.PathLike[str], domain: str) -> None:
        super().__init__(directory)
        if not _is_file_name(domain):
            raise ValueError(f"a domain is the name of a file without its '.mo', not {domain!r}")
        self._domain = domain

    @property
    def _pattern(self) -> str:
        return f"files such as 'pt_BR/LC_MESSAGES/{self._domain}.mo'"

    def _find(self) -> Iterator[tuple[str, Path]]:
        for entry in self._entries():
            path = self.directory / entry.name / "LC_MESSAGES" / f"{self._domain}.mo"
            try:
                path.lstat()  # a link that leads nowhere is worth a warning
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:  # so is a locale that cannot be looked into; `lost+found` is none
                if not self._code(entry.name):
                    continue
            yield entry.name, path

    def _code(self, name: str) -> str:
        return _code_of_folder(name)

    def _read(self, path: Path, consequence: str) -> NullTranslations | None:
        return read_mo(path, consequence)

    @staticmethod
    def make(code: str, catalogues: Mapping[str, NullTranslations], use_cldr: bool) -> Locale:
        """Make a `GettextLocale`; see `Shelf.make`."""
        chain = [catalogues[name] for name in (code, *parents(code)) if name in catalogues]
        if not chain:
            return CSVLocale(code, {}, use_cldr=use_cldr)
        return GettextLocale(code, chain_mo(chain[0], chain[1:]), use_cldr=use_cldr)


def _is_file_name(name: str) -> bool:
    """Tell whether a file in any directory may be called so."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return name not in {"", ".."} and "\x00" not in name and Path(name).name == name


def _code_of_name(name: str) -> str:
    """Return the code that a file or directory is called by, or nothing.

    Stricter than for what users send: `readme` might be a language, but a file of that name is not.
    """
    tag = parse_code(name)
    if tag is None or "." in name or len(tag.language) not in {2, 3}:
        return ""
    return str(tag)


def _code_of_folder(name: str) -> str:
    """Return the code that a folder of gettext is called by, which may be POSIX's.

    `pt_BR.UTF-8` and `sr_RS.utf8@latin` are; `pl.old` is a copy that somebody put aside.
    """
    language, _, rest = name.partition(".")
    encoding, mark, modifier = rest.partition("@")
    if encoding:
        try:
            codecs.lookup(encoding)
        except LookupError:
            return ""
        name = language + mark + modifier
    return _code_of_name(name)


def _stamp(path: Path) -> Stamp:
    """Return what changes whenever a file is written; nothing if the file cannot be looked at."""
    try:
        stat = path.stat()
    except OSError:
        return ()
    return (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino)


def _catalogue_ids(files: Mapping[Path, _File[CatalogueT]]) -> dict[Path, int]:
    return {path: id(file.catalogue) for path, file in files.items() if file.catalogue is not None}
