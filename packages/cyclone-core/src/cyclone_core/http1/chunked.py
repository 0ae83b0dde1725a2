"""The chunked transfer coding of a body (RFC 9112 section 7.1)."""

import enum
import re
from typing import Final

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1.buffer import ReceiveBuffer
from cyclone_core.http1.fields import unfold
from cyclone_core.httputil.headers import add_field_line
from cyclone_core.limits import Limits

__all__ = ["ChunkedDecoder"]

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED: Final = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
_EXTENSION: Final = rb"[ \t]*;[ \t]*%b(?:[ \t]*=[ \t]*(?:%b|%b))?" % (_TOKEN, _TOKEN, _QUOTED)

# Sixteen hexadecimal digits are 64 bits; more would only test our patience with leading zeros.
_SIZE_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,16})((?:%b)*)" % _EXTENSION)

# A trailer must not reframe, reroute or authenticate what was already acted on (RFC 9110 section 6.5.1).
_FORBIDDEN_TRAILERS: Final = frozenset(
    {
        "Authorization",
        "Connection",
        "Content-Encoding",
        "Content-Length",
        "Content-Range",
        "Content-Type",
        "Cookie",
        "Expect",
        "Host",
        "Max-Forwards",
        "Proxy-Authorization",
        "Te",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
    }
)


class _State(enum.Enum):
    SIZE = enum.auto()
    DATA = enum.auto()
    DATA_END = enum.auto()
    TRAILER = enum.auto()
    DONE = enum.auto()


# Looked up once: a member of an enumeration costs more than a global.
_SIZE, _DATA, _DATA_END, _TRAILER, _DONE = _State


class ChunkedDecoder:
    """Decodes one body; ask `decode` again whenever bytes have arrived.

    Attributes:
        remaining: Bytes of the current chunk that are announced and have not come.
        trailers: The trailer fields once `done`; kept apart from the headers, as the store of an
            `HTTPHeaders`.
    """

    __slots__ = (
        "_announced",
        "_extensions",
        "_fields",
        "_lines",
        "_lines_size",
        "_state",
        "remaining",
        "trailers",
    )

    def __init__(self, *, unfolds: bool = False) -> None:
        """Start before the first chunk.

        Args:
            unfolds: Whether trailer lines may be folded: a client must read them, a server must not.
        """
        self.trailers: dict[str, str | list[str]] = {}
        self._state = _SIZE
        self.remaining = 0
        self._announced = 0
        self._extensions = 0
        self._lines = 0
        self._lines_size = 0
        # Only the next line tells whether one is complete.
        self._fields: list[str] | None = [] if unfolds else None

    @property
    def done(self) -> bool:
        """Whether the body, its trailers included, is complete."""
        return self._state is _DONE

    def decode(self, buffer: ReceiveBuffer, limits: Limits, max_body_size: int) -> bytes:
        """Take all that is there of the body.

        Many tiny chunks of one read come out as one piece, so that they cost the reader of the body
        one call.

        Args:
            buffer: The received bytes; those of the body are removed.
            limits: The bounds of size lines, extensions and trailers.
            max_body_size: The bound of all chunks together; a chunk that would exceed it is refused
                when its size is announced.

        Returns:
            Decoded data; `b""` if there is none yet.

        Raises:
            HTTPInputError: The coding is malformed or exceeds a limit.
        """
        pieces: list[bytes] = []
        while self._step(buffer, limits, max_body_size, pieces):
            pass
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _step(
        self, buffer: ReceiveBuffer, limits: Limits, max_body_size: int, pieces: list[bytes]
    ) -> bool:
        """Make one transition; False when that needs bytes that are not there."""
        state = self._state
        if state is _SIZE:
            return self._read_size(buffer, limits, max_body_size)
        if state is _DATA:
            return self._read_data(buffer, pieces)
        if state is _DATA_END:
            return self._read_data_end(buffer)
        return state is _TRAILER and self._read_trailer(buffer, limits)

    def _read_size(self, buffer: ReceiveBuffer, limits: Limits, max_body_size: int) -> bool:
        line = buffer.take_until(b"\r\n")
        # Of an unfinished line the last byte may be the CR of its end.
        size = len(buffer) - 1 if line is None else len(line)
        if size > limits.max_chunk_line:
            raise HTTPInputError("chunk-size line too long")
        if line is None:
            return False
        match = _SIZE_LINE.fullmatch(line)
        if match is None:
            raise HTTPInputError(f"malformed chunk-size line: {line[:100]!r}")
        self._extensions += len(match[2])
        if self._extensions > limits.max_chunk_extensions:
            raise HTTPInputError("too many chunk extensions")
        self.remaining = int(match[1], 16)
        self._announced += self.remaining
        if self._announced > max_body_size:
            raise HTTPInputError(f"the body is longer than {max_body_size} bytes", 413)
        self._state = _DATA if self.remaining else _TRAILER
        return True

    def _read_data(self, buffer: ReceiveBuffer, pieces: list[bytes]) -> bool:
        piece = buffer.take(self.remaining)
        if not piece:
            return False
        pieces.append(piece)
        self.remaining -= len(piece)
        if self.remaining == 0:
            self._state = _DATA_END
        return True

    def _read_data_end(self, buffer: ReceiveBuffer) -> bool:
        end = buffer.peek(0, 2)
        if not b"\r\n".startswith(end):
            raise HTTPInputError("chunk data is not followed by CRLF")
        if len(end) < len(b"\r\n"):
            return False
        buffer.take(2)
        self._state = _SIZE
        return True

    def _read_trailer(self, buffer: ReceiveBuffer, limits: Limits) -> bool:
        line = buffer.take_until(b"\r\n")
        size = len(buffer) - 1 if line is None else len(line)
        too_large = (
            size > limits.max_header_line or self._lines_size + size > limits.max_header_size
        )
        if size > 0 and too_large:
            raise HTTPInputError("trailer fields too large", 431)
        if line is None:
            return False
        if not line:
            self._finish()
            return True
        self._lines += 1
        self._lines_size += size + 2
        if self._lines > limits.max_header_count:
            raise HTTPInputError("too many trailer fields", 431)
        if self._fields is None:
            add_field_line(self.trailers, line.decode("latin-1"))
        else:
            self._fields.append(line.decode("latin-1"))
        return True

    def _finish(self) -> None:
        for field in unfold(self._fields or []):
            add_field_line(self.trailers, field)
        forbidden = _FORBIDDEN_TRAILERS.intersection(self.trailers)
        if forbidden:
            raise HTTPInputError(f"forbidden in a trailer: {', '.join(sorted(forbidden))}")
        self._state = _DONE
