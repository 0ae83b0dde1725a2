"""HTTP header fields: names, values, and the multi-valued mapping of them."""

import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Final, Self, TypeVar, overload

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil.names import KNOWN_NAMES, normalize_name

__all__ = ["HTTPHeaders", "add_field_line", "parse_field_lines"]

_T = TypeVar("_T")

# RFC 9110 section 5.5: visible characters, blanks and obs-text. A control character in a value is how
# responses are split; DEL and the C0 range without HTAB are refused on the way in and out.
_FORBIDDEN_IN_VALUE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

_LINE_END: Final = re.compile(r"\r?\n")

# Beyond latin-1 there is no byte to send.
_NOT_LATIN1: Final = re.compile(r"[^\x00-\xff]")


def _checked_value(name: str, value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if not isinstance(value, str):
        raise TypeError(f"the value of header {name} is str or bytes, not {type(value).__name__}")
    if bad := _FORBIDDEN_IN_VALUE.search(value):
        raise ValueError(f"the value of header {name} holds a control character: {_place(bad)}")
    if bad := _NOT_LATIN1.search(value):
        raise ValueError(
            f"the value of header {name} holds a character beyond latin-1: {_place(bad)}"
        )
    return str.__str__(value)  # of an enumeration or markup the text alone


def _place(bad: re.Match[str]) -> str:
    # Nothing of what stands around it: a value may be secret, and messages are logged.
    return f"{bad[0]!r} at index {bad.start()}"


class HTTPHeaders(MutableMapping[str, str]):
    """An ordered, case-insensitive mapping in which a name may have several values.

    Item access joins the values of a name with a comma; `get_list` keeps them apart. Everything that
    enters is checked, so what leaves cannot split a message. Source: Tornado `httputil.HTTPHeaders`;
    unlike cyclone 1.x's it is no `dict`.

    Attributes:
        store: Normal name to value, or to the list of values of a repeated name: for the server's
            own use, because nothing that is put there is checked.
    """

    __slots__ = ("store",)

    # A list only where a name has several values: the common case allocates nothing, and adding is
    # linear where joining at once was quadratic (CVE-2025-67725).
    store: dict[str, str | list[str]]

    def __init__(
        self,
        other: Mapping[str, str] | Iterable[tuple[str, str | bytes]] = (),
        /,
        **names: str | bytes,
    ) -> None:
        """Make headers, empty or from others.

        Args:
            other: Another `HTTPHeaders` (several values of a name are kept), a mapping, or pairs of
                which repeated names are all kept.
            names: More headers; an underscore stays an underscore.

        Raises:
            ValueError: A name is no token, or a value holds what no header may.
        """
        self.store = {}
        if isinstance(other, HTTPHeaders):
            self.store.update(
                (name, value if isinstance(value, str) else value.copy())
                for name, value in other.store.items()
            )
        else:
            for name, value in other.items() if isinstance(other, Mapping) else other:
                self.add(name, value)
        for name, value in names.items():
            self[name] = value

    @classmethod
    def from_store(cls, store: dict[str, str | list[str]]) -> Self:
        """Wrap a store, such as the parser makes, without a check.

        Args:
            store: Normal names and checked values; it is not copied.

        Returns:
            The headers.
        """
        headers = cls.__new__(cls)
        headers.store = store
        return headers

    def add(self, name: str, value: str | bytes) -> None:
        """Add a value to those that `name` has already.

        Args:
            name: The field name, in any case.
            value: One field value: text that latin-1 can encode, or bytes, which are read so.

        Raises:
            ValueError: The name is no token, or the value holds what no header may.
        """
        name = normalize_name(name)
        value = _checked_value(name, value)
        present = self.store.get(name)
        if present is None:
            self.store[name] = value
        elif isinstance(present, str):
            self.store[name] = [present, value]
        else:
            present.append(value)

    @overload
    def get(self, key: str, /) -> str | None: ...

    @overload
    def get(self, key: str, default: _T, /) -> str | _T: ...

    def get(self, key: str, default: object = None, /) -> object:
        """Return the values of a name, joined with commas, or `default` if it is absent.

        Args:
            key: The field name, in any case.
            default: What an absent header gives.

        Returns:
            The value.
        """
        # The inherited one asks by raising KeyError, at four times the price.
        try:
            value = self.store.get(normalize_name(key))
        except ValueError:
            return default  # nothing can have such a name
        if value is None:
            return default
        return value if isinstance(value, str) else ",".join(value)

    def get_list(self, name: str) -> list[str]:
        """List the values of a name.

        Args:
            name: The field name, in any case.

        Returns:
            A new list in the order of arrival; empty if the header is absent.
        """
        try:
            present = self.store.get(normalize_name(name))
        except ValueError:
            return []
        if present is None:
            return []
        return [present] if isinstance(present, str) else present.copy()

    def get_all(self) -> Iterator[tuple[str, str]]:
        """Iterate over all pairs of name and single value; a repeated name comes up repeatedly."""
        for name, value in self.store.items():
            if isinstance(value, str):
                yield name, value
            else:
                for single in value:
                    yield name, single

    def parse_line(self, line: str) -> None:
        """Add the header of one line `Name: value`, with or without its line end.

        Args:
            line: The line; an empty one adds nothing. Folded continuation lines (RFC 9112 section
                5.2) are refused.

        Raises:
            HTTPInputError: The line is no valid header field.
        """
        line = line[:-2] if line.endswith("\r\n") else line.removesuffix("\n")
        if line:
            add_field_line(self.store, line)

    @classmethod
    def parse(cls, headers: str) -> Self:
        r"""Parse a block of header lines that end with CRLF or LF.

        Args:
            headers: The lines; other characters that Unicode calls line ends stay in the value.

        Returns:
            The headers.

        Raises:
            HTTPInputError: A line is no valid header field.
        """
        lines = [line for line in _LINE_END.split(headers) if line]
        return cls.from_store(parse_field_lines(lines))

    def copy(self) -> Self:
        """Return an independent copy that keeps several values apart."""
        return type(self)(self)

    __copy__ = copy

    def __getitem__(self, name: str) -> str:
        """Return the values of `name`, joined with commas (RFC 9110 section 5.3)."""
        value = self.store[_wanted(name)]
        return value if isinstance(value, str) else ",".join(value)

    def __setitem__(self, name: str, value: str | bytes) -> None:
        """Replace whatever `name` has with one value."""
        normal = KNOWN_NAMES.get(name) or normalize_name(name)
        if not (type(value) is str and value.isascii() and value.isprintable()):
            value = _checked_value(normal, value)
        self.store[normal] = value

    def __delitem__(self, name: str) -> None:
        """Remove `name` with all its values."""
        del self.store[_wanted(name)]

    def __contains__(self, name: object) -> bool:
        """Tell whether `name` is present; what cannot be a header name is not."""
        try:
            return isinstance(name, str) and normalize_name(name) in self.store
        except ValueError:
            return False

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, once each."""
        return iter(self.store)

    def __len__(self) -> int:
        """Count the names."""
        return len(self.store)

    def to_wire(self) -> str:
        """Return the header lines as HTTP sends them, each with its CRLF."""
        lines = [
            f"{name}: {value}\r\n" if type(value) is str else _repeated(name, value)
            for name, value in self.store.items()
        ]
        return "".join(lines)

    def __str__(self) -> str:
        """Return the wire form: a line for each value, each with its LF."""
        return "".join([f"{name}: {value}\n" for name, value in self.get_all()])

    def __repr__(self) -> str:
        """Show the pairs, one for each value."""
        return f"{type(self).__name__}({list(self.get_all())!r})"

    def __reduce__(self) -> tuple[type[Self], tuple[list[tuple[str, str]]]]:
        """Pickle as pairs, so that repeated values and the checks survive."""
        return type(self), (list(self.get_all()),)


def _wanted(name: str) -> str:
    try:
        return normalize_name(name)
    except ValueError:
        raise KeyError(name) from None  # nothing can have such a name


def _repeated(name: str, values: Iterable[str]) -> str:
    return "".join([f"{name}: {value}\r\n" for value in values])


def parse_field_lines(lines: Iterable[str]) -> dict[str, str | list[str]]:
    """Parse header or trailer lines into the store of an `HTTPHeaders`.

    Args:
        lines: Lines without their line ends.

    Returns:
        Normal name to value, or to the list of values where a name is repeated.

    Raises:
        HTTPInputError: A line is folded, has no colon, a bad name or a bad value.
    """
    store: dict[str, str | list[str]] = {}
    for line in lines:
        add_field_line(store, line)
    return store


def add_field_line(store: dict[str, str | list[str]], line: str) -> None:
    """Parse one header line, from anywhere, into `store`; see `parse_field_lines`."""
    if line[:1] in (" ", "\t"):
        raise HTTPInputError("folded header lines are obsolete and refused")
    name, colon, value = line.partition(":")
    if not colon:
        raise HTTPInputError(f"header line without a colon: {line[:100]!r}")
    try:
        name = normalize_name(name)
        value = _checked_value(name, value.strip(" \t"))
    except ValueError as error:
        raise HTTPInputError(str(error)) from None
    present = store.get(name)
    if present is None:
        store[name] = value
    elif isinstance(present, str):
        store[name] = [present, value]
    else:
        present.append(value)
