"""Where it is told what happens: in the log, or on the terminal while there is none."""

import sys
from typing import TextIO

from twisted.logger import Logger, globalLogPublisher
from twisted.logger import LogLevel as Level

from cyclone_core.log.bridge import has_begun
from cyclone_core.log.files import observers_of

__all__ = ["Level", "say", "tell"]

_log = Logger(namespace="cyclone.autoreload")


def say(text: str, stream: TextIO | None = None) -> None:
    """Write to the terminal.

    Args:
        text: What is written, a line or more.
        stream: Where to; by default the stream that was stderr when the process started, if any.
    """
    stream = stream or sys.__stderr__
    if stream is not None:
        stream.write(f"{text}\n")
        stream.flush()


def tell(level: Level, text: str) -> None:
    """Write to the log. A script that has not begun Twisted's log has none, but a terminal.

    Args:
        level: The level (Twisted: `LogLevel`).
        text: What is written.
    """
    _log.emit(level, "{text}", text=text)
    # The one observer that is there before the log begins shows nothing but what is critical.
    if not has_begun() and len(observers_of(globalLogPublisher) or ()) <= 1:
        say(text)
