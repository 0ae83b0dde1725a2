"""Compressing answers with gzip (RFC 1952; RFC 9110 sections 8.4 and 12.5.3).

`compress_response=True` switches it on. It is negotiated for each request, costs a small answer next to
nothing, and never holds back what a handler flushes.

A page that shows both a secret and something that somebody else has chosen must not be compressed: its
length tells the secret, guess by guess (BREACH). Tokens against forgery are masked for that reason; for
other secrets set `Content-Encoding: identity` on the answer, which is then left alone.
"""

import re
import zlib
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cyclone_core.errors import HTTPOutputError
from cyclone_core.http1.status import BODYLESS, RESET_CONTENT
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.web.accept_encoding import coding_weights
from cyclone_core.web.output_transform import OutputTransform

if TYPE_CHECKING:
    from zlib import _Compress

__all__ = ["GZipContentEncoding", "compression"]

_PARTIAL_CONTENT: Final = 206
_NOT_MODIFIED: Final = 304
_NO_BODY: Final = BODYLESS | {RESET_CONTENT}

# What says something of the bytes that would be coded, or that they are coded already.
_FIXED: Final = frozenset(
    {"Content-Encoding", "Content-Range", "Content-Digest", "Repr-Digest", "Digest", "Content-Md5"}
)

# What an Accept-Encoding says of gzip.
_REFUSED, _ACCEPTED, _REQUIRED = range(3)

# The exponents of zlib's window. It takes and clears four times as much memory.
_SMALLEST_WINDOW: Final = 10
_LARGEST_WINDOW: Final = 15
_GZIP: Final = 16  # added to the exponent, it asks for gzip instead of zlib's own format

_MEDIA_RANGE: Final = re.compile(r"[\w!#$&.+^-]+/(?:\*|[\w!#$&.+^-]+)", re.ASCII)


class GZipContentEncoding(OutputTransform):
    """Compresses answers for clients that take them so (Tornado and cyclone: the same name).

    Every answer says `Vary: Accept-Encoding`. Left alone is what has a `Content-Encoding`, a digest, or
    `Cache-Control: no-transform`, what is a part of something (206), and what has no body. Derive from
    it, and name the class in `Application(transforms=[...])`, for other types than those of a setting.

    Attributes:
        CONTENT_TYPES: Media types that are compressed besides `text/*`, and besides all that end in
            `+json` or `+xml`.
        MIN_LENGTH: Bytes that a whole answer must have. What comes in pieces is compressed always, and
            so is all that is sent to a client that refuses everything else (`identity;q=0`).
        GZIP_LEVEL: 1 (fast) to 9 (small).
    """

    CONTENT_TYPES: ClassVar[Collection[str]] = frozenset(
        {
            "application/javascript",
            "application/x-javascript",
            "application/json",
            "application/xml",
            "application/wasm",
            "application/vnd.ms-fontobject",
            "font/otf",
            "font/ttf",
        }
    )
    MIN_LENGTH: ClassVar[int] = 1024
    GZIP_LEVEL: ClassVar[int] = 6

    # On the class, so that a small answer does not pay for them.
    _coder: "_Compress | None" = None
    _owed: int | None = None  # what is left of the `Content-Length` that the handler has promised

    def __init__(self, request: HTTPServerRequest) -> None:
        """Take note of the request.

        Args:
            request: The request that is answered.
        """
        self._request = request

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Decide, and begin; see `OutputTransform.transform_first_chunk`.

        Raises:
            HTTPOutputError: More was written than `Content-Length` says.
        """
        store = headers.store
        if "Vary" in store:
            _vary(headers)
        else:
            store["Vary"] = "Accept-Encoding"
        field = self._request.headers.store.get("Accept-Encoding")
        if finishing and (len(chunk) < self.MIN_LENGTH or not chunk):
            if status_code == _NOT_MODIFIED:
                self._name_as_stored(headers)
            # Most answers end here. Only a weight of nought can ask for the coding of a small one.
            if field is None or not chunk or (type(field) is str and "0" not in field):
                return status_code, headers, chunk
            if _acceptance(field) != _REQUIRED:
                return status_code, headers, chunk
        accepted = _acceptance(field)
        if accepted != _REFUSED and self._may_code(status_code, headers, accepted):
            chunk = self._begin(headers, chunk, finishing)
        return status_code, headers, chunk

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        """Compress a piece, and give all that has come so far; see `OutputTransform.transform_chunk`.

        Raises:
            HTTPOutputError: More, or in the end less, was written than `Content-Length` said.
        """
        coder = self._coder
        if coder is None:
            return chunk
        if self._owed is not None:
            self._count(len(chunk), finishing)
        if finishing:
            self._coder = None
            return coder.compress(chunk) + coder.flush()
        if not chunk:
            return b""
        return coder.compress(chunk) + coder.flush(zlib.Z_SYNC_FLUSH)

    @property
    def passes_on(self) -> bool:
        """Whether what follows the first piece is left alone; a file then goes its shortest way."""
        return self._coder is None

    def _compressible_type(self, ctype: str) -> bool:
        """Tell whether a media type is worth it; Tornado's name, and may be overridden as there.

        Args:
            ctype: For example `text/html`, in lower case and without parameters.

        Returns:
            Not so for `text/event-stream`: its events are small, and it would keep 256 KiB for each
            client for as long as that stays.
        """
        return (
            (ctype.startswith("text/") and ctype != "text/event-stream")
            or ctype.endswith(("+json", "+xml"))
            or ctype in self.CONTENT_TYPES
        )

    def _may_code(self, status: int, headers: HTTPHeaders, accepted: int) -> bool:
        store = headers.store
        if status in _NO_BODY or status == _PARTIAL_CONTENT or not _FIXED.isdisjoint(store):
            return False
        if "no-transform" in headers.get("Cache-Control", "").lower():
            return False
        kind = headers.get("Content-Type", "").partition(";")[0].strip(" \t").lower()
        return accepted == _REQUIRED or self._compressible_type(kind)

    def _begin(self, headers: HTTPHeaders, chunk: bytes, finishing: bool) -> bytes:
        store = headers.store
        promised = store.get("Content-Length")
        if promised is not None:
            if not (isinstance(promised, str) and promised.isascii() and promised.isdigit()):
                return chunk  # the connection refuses it, and says why
            if finishing and int(promised) != len(chunk):
                return chunk  # likewise
            del store["Content-Length"]
        store["Content-Encoding"] = "gzip"
        # Ranges count bytes of what is not compressed.
        store.pop("Accept-Ranges", None)
        _weaken(headers)
        if finishing:
            return _compress(chunk, self.GZIP_LEVEL)
        if self._request.method == "HEAD":
            return b""
        self._owed = None if promised is None else int(promised)
        self._coder = zlib.compressobj(self.GZIP_LEVEL, zlib.DEFLATED, _GZIP + _LARGEST_WINDOW)
        return self.transform_chunk(chunk, False)

    def _count(self, size: int, finishing: bool) -> None:
        """Notice what the connection cannot any more: it does not know what was promised."""
        owed = (self._owed or 0) - size
        self._owed = owed
        if owed < 0:
            raise HTTPOutputError(f"Content-Length is exceeded by {-owed} bytes")
        if owed and finishing:
            raise HTTPOutputError(f"{owed} bytes of Content-Length were never written")

    def _name_as_stored(self, headers: HTTPHeaders) -> None:
        """Give a 304 the entity tag of the answer that the client has: a weak one if it was coded."""
        tag = headers.get("Etag", "")
        if tag.startswith('"') and f"W/{tag}" in self._request.headers.get("If-None-Match", ""):
            _weaken(headers)


def _weaken(headers: HTTPHeaders) -> None:
    """Say that the entity tag stands for the content and not for each byte (RFC 9110 section 8.8.1)."""
    tag = headers.store.get("Etag")
    if isinstance(tag, str) and tag.startswith('"'):
        headers.store["Etag"] = f"W/{tag}"


def _vary(headers: HTTPHeaders) -> None:
    """Add to the `Vary` that the handler has set, unless it says so already."""
    present = {name.strip(" \t").lower() for name in headers["Vary"].split(",")}
    if present.isdisjoint(("*", "accept-encoding")):
        headers["Vary"] += ", Accept-Encoding"


def _compress(body: bytes, level: int) -> bytes:
    # A window that is no larger than the body makes it no longer; clearing a large one would cost more
    # than compressing a small page.
    window = min(max(len(body).bit_length(), _SMALLEST_WINDOW), _LARGEST_WINDOW)
    memory = min(window - 7, zlib.DEF_MEM_LEVEL)
    coder = zlib.compressobj(level, zlib.DEFLATED, _GZIP + window, memory)
    return coder.compress(body) + coder.flush()


def _acceptance(field: str | list[str] | None) -> int:
    """Find out whether a client takes gzip, and whether it takes anything else."""
    if field is None:
        return _REFUSED
    weights = coding_weights(field if isinstance(field, str) else ",".join(field))
    others = weights.get("*")
    gzip = weights.get("gzip", others)
    if not gzip:
        return _REFUSED
    # Named by nobody, it is taken if nothing better is there.
    identity = weights.get("identity", 0.001 if others is None else others)
    if not identity:
        return _REQUIRED
    return _REFUSED if identity > gzip else _ACCEPTED


# Settings.


def compression(settings: Mapping[str, Any]) -> type[GZipContentEncoding] | None:
    """Choose the class that compresses the answers of an application.

    Args:
        settings: Its settings, of which these have a meaning here: `compress_response` (or Tornado's
            and cyclone's older `gzip`) switches compression on. `compress_level`: 1 to 9, see
            `GZipContentEncoding.GZIP_LEVEL`. `compress_min_length`: bytes, see `MIN_LENGTH`.
            `compress_types`: all the media types that are compressed, `text/*` stands for many.

    Returns:
        `GZipContentEncoding`, or a class derived from it if one of the others is set; None if
        compression is off.

    Raises:
        ValueError: A setting has a wrong type or value, even where compression is off; the message
            names it.
    """
    changed: dict[str, object] = {}
    level = _number(settings, "compress_level", 1, 9)
    if level is not None:
        changed["GZIP_LEVEL"] = level
    length = _number(settings, "compress_min_length", 0, None)
    if length is not None:
        changed["MIN_LENGTH"] = length
    types = _types(settings)
    if types is not None:
        changed["CONTENT_TYPES"] = types
        changed["_compressible_type"] = _matcher(types)
    if not (settings.get("compress_response") or settings.get("gzip")):
        return None
    if not changed:
        return GZipContentEncoding
    return type("GZipContentEncoding", (GZipContentEncoding,), changed)


def _number(settings: Mapping[str, Any], name: str, least: int, most: int | None) -> int | None:
    value = settings.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        wanted = f"a whole number from {least}" + ("" if most is None else f" to {most}")
        raise ValueError(f"setting {name!r} must be {wanted}, not {value!r}")
    if most is not None and value > most:
        raise ValueError(f"setting {name!r} must be at most {most}, not {value!r}")
    return value


def _types(settings: Mapping[str, Any]) -> frozenset[str] | None:
    value = settings.get("compress_types")
    if value is None:
        return None
    if isinstance(value, (str, bytes)) or not isinstance(value, Collection):
        problem = f"setting 'compress_types' must be a list of media types, not {value!r}"
        raise ValueError(problem)  # noqa: TRY004 -- as all settings
    for each in value:
        if not (isinstance(each, str) and _MEDIA_RANGE.fullmatch(each)):
            raise ValueError(
                f"setting 'compress_types' has {each!r}, which is no media type such as"
                " 'application/json' or 'text/*'"
            )
    return frozenset(each.lower() for each in value)


def _matcher(types: frozenset[str]) -> Callable[[GZipContentEncoding, str], bool]:
    def _compressible_type(self: GZipContentEncoding, ctype: str) -> bool:
        del self
        return ctype in types or ctype.partition("/")[0] + "/*" in types

    return _compressible_type
