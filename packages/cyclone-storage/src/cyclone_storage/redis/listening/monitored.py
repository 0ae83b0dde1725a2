"""What `MONITOR` says about a command that the server has executed."""

import re
from dataclasses import dataclass
from typing import Final

from cyclone_storage.redis.errors import InvalidResponse

__all__ = ["MonitoredCommand", "parse_monitored"]

_LINE: Final = re.compile(
    r"(\d+\.\d{1,6}) \[(\d+) ([^\r\n]*?)\]((?: \"(?:[^\"\\]|\\.)*\")*)", re.ASCII
)
_WORD: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE: Final = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_CONTROL: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b"}
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class MonitoredCommand:
    """A command that the server has executed for some client.

    Attributes:
        time: When, in seconds since 1970 by the server's clock.
        database: The number of the database that the client had selected.
        client: Its address: `host:port`, `unix:` and a path, or `lua` for what a script did.
        words: The command's name as it was written, and its arguments.
    """

    time: float
    database: int
    client: str
    words: tuple[bytes, ...]

    @property
    def name(self) -> str:
        """The name of the command in capitals."""
        return self.words[0].decode("ascii", "backslashreplace").upper() if self.words else ""


def parse_monitored(line: str) -> MonitoredCommand:
    """Read one line of `MONITOR`.

    Args:
        line: The line as `MonitorProtocol.messageReceived` gets it.

    Returns:
        What it says.

    Raises:
        InvalidResponse: It is no such line.
    """
    found = _LINE.fullmatch(line)
    if found is None:
        shown = line[:_SHOWN] + ("…" if len(line) > _SHOWN else "")
        raise InvalidResponse(f"MONITOR has sent what is no line of it: {shown!r}")
    time, database, client, words = found.groups()
    return MonitoredCommand(
        float(time), int(database), client, tuple(_unescape(word) for word in _WORD.findall(words))
    )


def _unescape(word: str) -> bytes:
    # The server escapes what is not ASCII; whatever stands in its place keeps its UTF-8.
    return _ESCAPE.sub(_unescape_one, word.encode())


def _unescape_one(found: re.Match[bytes]) -> bytes:
    escape = found[1]
    if len(escape) > 1:
        return bytes.fromhex(escape[1:].decode("ascii"))
    return _CONTROL.get(escape, escape)
