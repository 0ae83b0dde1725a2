"""`HTTPFile`: an uploaded file, in memory or on disk."""

import copy
import io
import os
import shutil
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, BinaryIO, Final, Self, cast

from cyclone_core.httputil.multipart import UNKNOWN_TYPE
from cyclone_core.httputil.stores import BodyStore, open_range

__all__ = ["HTTPFile"]

_PIECE: Final = 64 * 1024

# Stands for a body that has not been read.
_ON_DEMAND: Final = object()


class HTTPFile(MutableMapping[str, Any]):
    """An uploaded file (Tornado and cyclone: `httputil.HTTPFile`).

    Its items are its attributes too: `file["body"]` is `file.body`. They may be changed, and others
    added. The body of a large upload stays on disk until it is asked for; `file`, `size` and `save`
    do not load it. Unlike Tornado's it is a mapping but no `dict`, which could not do that.

    Attributes:
        filename: The name that the client says, unchanged: it may hold slashes, backslashes, `..`,
            and anything else but control characters. Never use it as a path.
        body: The content in bytes.
        content_type: The content type that the client says, else `application/unknown`.
    """

    __slots__ = ("_file", "_items", "_size", "_start", "_store")

    filename: str
    body: bytes
    content_type: str
    _file: BinaryIO | None
    _items: dict[str, Any]
    _size: int
    _start: int
    _store: BodyStore | None

    def __init__(
        self,
        filename: str,
        body: bytes,
        content_type: str = UNKNOWN_TYPE,
        **items: Any,  # noqa: ANN401 -- any attribute may be added
    ) -> None:
        """Make a file by hand; tests do.

        Args:
            filename: Its name.
            body: Its content.
            content_type: Its content type.
            items: More items.
        """
        usual = {"filename": filename, "body": body, "content_type": content_type}
        self._keep(usual | items, None, 0, 0)

    @classmethod
    def from_store(
        cls, filename: str, content_type: str, store: BodyStore, start: int, size: int
    ) -> Self:
        """Make a file of a range of a request's body; nothing is read.

        Args:
            filename: Its name.
            content_type: Its content type.
            store: The request's body.
            start: Where the file begins in it, in bytes.
            size: The length of the file in bytes.

        Returns:
            The file.
        """
        file = cls.__new__(cls)
        items = {"filename": filename, "body": _ON_DEMAND, "content_type": content_type}
        file._keep(items, store, start, size)  # noqa: SLF001 -- its own class
        return file

    def _keep(self, items: dict[str, Any], store: BodyStore | None, start: int, size: int) -> None:
        values = {"_items": items, "_store": store, "_start": start, "_size": size, "_file": None}
        for name, value in values.items():
            object.__setattr__(self, name, value)  # ours decides where a value goes

    @property
    def size(self) -> int:
        """The length of the content in bytes."""
        return len(self.body) if self._store is None else self._size

    @property
    def file(self) -> BinaryIO:
        """The content as a binary file, the same each time: at position 0 when first asked for.

        A large upload is read from disk piece by piece. If the file was closed a new one is opened.
        """
        if self._file is None or self._file.closed:
            self._file = self._open()
        return self._file

    def save(self, path: str | os.PathLike[str]) -> int:
        """Write the content to a file, piece by piece.

        It takes the time that the disk takes: for large files call it through `deferToThread`.

        Args:
            path: Where to; an existing file is replaced. Do not make it of `filename`.

        Returns:
            The number of bytes.

        Raises:
            OSError: The file cannot be written.
        """
        with self._open() as source, Path(path).open("wb") as target:
            shutil.copyfileobj(source, target, _PIECE)
        return self.size

    def copy(self) -> Self:
        """Make a shallow copy; the content of a large upload stays on disk."""
        return copy.copy(self)

    def _open(self) -> BinaryIO:
        if self._store is None:
            return io.BytesIO(self.body)
        return open_range(self._store, self._start, self._size)

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 -- any attribute may be added
        """Give an item; that of `body` reads the content from disk if need be, once."""
        value = self._items[key]
        if value is _ON_DEMAND:
            value = cast("BodyStore", self._store).read_range(self._start, self._size)
            self._items[key] = value
        return value

    def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401 -- see above
        """Set an item."""
        if key == "body":
            self._store = self._file = None
        self._items[key] = value

    def __delitem__(self, key: str) -> None:
        """Remove an item."""
        del self._items[key]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the items; nothing is read."""
        return iter(self._items)

    def __len__(self) -> int:
        """Count the items."""
        return len(self._items)

    def __contains__(self, key: object) -> bool:
        """Tell whether there is an item; nothing is read."""
        return key in self._items

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- see above
        """Give an item by attribute."""
        if not name.startswith("_") and name in self._items:
            return self[name]
        raise AttributeError(
            f"{type(self).__name__} has no item or attribute {name!r}", name=name, obj=self
        )

    def __setattr__(self, name: str, value: Any) -> None:  # noqa: ANN401 -- see above
        """Set an item by attribute."""
        if name in HTTPFile.__slots__:
            object.__setattr__(self, name, value)
        elif hasattr(type(self), name):
            raise AttributeError(
                f"{name!r} of an {type(self).__name__} cannot be set", name=name, obj=self
            )
        else:
            self[name] = value

    def __delattr__(self, name: str) -> None:
        """Remove an item by attribute."""
        if name not in self._items:
            raise AttributeError(
                f"{type(self).__name__} has no item {name!r} to remove", name=name, obj=self
            )
        del self[name]

    def __repr__(self) -> str:
        """Show name, content type and size; the content stays out."""
        shown = {"filename": self.get("filename"), "content_type": self.get("content_type")}
        fields = ", ".join([f"{name}={value!r}" for name, value in shown.items()])
        return f"{type(self).__name__}({fields}, size={self.size})"

    def __copy__(self) -> Self:
        """Copy the items, not the content."""
        copied = type(self).__new__(type(self))
        copied._keep(self._items.copy(), self._store, self._start, self._size)  # noqa: SLF001 -- its own class
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with the content."""
        return _restore, (type(self), dict(self))


def _restore(kind: type[HTTPFile], items: dict[str, Any]) -> HTTPFile:
    return kind(**items)
