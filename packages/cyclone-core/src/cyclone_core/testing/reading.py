"""Reading the answers of a server that is tested."""

from typing import Final

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1 import EndOfBody, ResponseEvent, ResponseReader
from cyclone_core.limits import Limits
from cyclone_core.testing.errors import BadAnswer

__all__ = ["close", "make_reader", "next_event"]

# A test asks its own server, which may send what it likes; only a malformed answer is refused.
_ANY: Final = 1 << 62
_LIMITS: Final = Limits(
    max_header_line=_ANY, max_header_size=_ANY, max_header_count=_ANY, max_body_size=_ANY
)


def make_reader() -> ResponseReader:
    """Make a reader for one connection, which bounds nothing."""
    return ResponseReader(_LIMITS, max_interim=_ANY)


def next_event(reader: ResponseReader) -> ResponseEvent:
    """Parse the next event.

    Args:
        reader: What reads.

    Returns:
        The event; None when more bytes are needed.

    Raises:
        BadAnswer: The server has broken the rules. Nothing else can be read.
    """
    try:
        return reader.next_event()
    except HTTPInputError as error:
        raise BadAnswer(f"the answer breaks the rules of HTTP: {error}") from None


def close(reader: ResponseReader) -> EndOfBody | None:
    """Take note that the server has closed the connection.

    Args:
        reader: What reads.

    Returns:
        The end of an answer that goes on until then; None if there was none, or if it is cut off.
    """
    try:
        return reader.close()
    except HTTPInputError:
        return None
