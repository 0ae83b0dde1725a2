"""From Twisted's log to the loggers of the standard library.

cyclone writes to Twisted's log. A program that configures `logging`, by `enable_pretty_logging` for example,
wants to see those lines where its own are. `install` sends each event of the log to the logger that is
called like its namespace; nothing does so at import.

A handler may itself write to Twisted's log: twistd makes a log of stderr. What comes back that way while
an event, or a line of the terminal, is on its way is not sent again, so nothing goes round in circles.
"""

import logging
import sys
import threading
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Final, TextIO

from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    formatEvent,
    globalLogBeginner,
    globalLogPublisher,
)
from zope.interface import provider

if TYPE_CHECKING:
    from twisted.python.failure import Failure

__all__ = ["Terminal", "has_begun", "install", "uninstall"]

_LEVELS: Final = {
    LogLevel.debug: logging.DEBUG,
    LogLevel.info: logging.INFO,
    LogLevel.warn: logging.WARNING,
    LogLevel.error: logging.ERROR,
    LogLevel.critical: logging.CRITICAL,
}

# Between who logs and the bridge.
_LOGGING_MODULES: Final = (
    "twisted.logger.",
    "twisted.python.log.",
    "twisted.python.context.",
    "twisted.python.threadable.",
    "cyclone_core.log.",
)

_UNKNOWN: Final = object()


class _Busy(threading.local):
    """Whether this thread is on its way from one log to the other."""

    now = False


_busy: Final = _Busy()


class Terminal(logging.StreamHandler[TextIO]):
    """Writes records to stderr, without those that Twisted's log shows itself."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, unless it is an event of a log that somebody has begun.

        Args:
            record: The record.
        """
        if isinstance(record, _Record) and has_begun():
            return
        before, _busy.now = _busy.now, True
        try:
            super().emit(record)
        finally:
            _busy.now = before


class _Record(logging.LogRecord):
    """A record that was an event of Twisted's log."""


def install() -> None:
    """Send the events of Twisted's log to the loggers of the standard library, from now on.

    Until a program begins Twisted's log, Twisted prints what is critical on stderr; that ends, or it would
    stand there twice. A later begin, by `startLogging` or twistd, goes as usual.
    """
    observer = getattr(globalLogBeginner, "_temporaryObserver", None)
    if observer is not None:
        globalLogPublisher.removeObserver(observer)
    globalLogPublisher.addObserver(_forward)  # which takes an observer once only


def uninstall() -> None:
    """Undo what `install` has done."""
    globalLogPublisher.removeObserver(_forward)
    observer = getattr(globalLogBeginner, "_temporaryObserver", None)
    if observer is not None:
        globalLogPublisher.addObserver(observer)


def has_begun() -> bool:
    """Tell whether Twisted's log goes anywhere: twistd or `startLogging` have begun it.

    Returns:
        True if so. No public attribute of Twisted tells.
    """
    return getattr(globalLogBeginner, "_temporaryObserver", _UNKNOWN) is None


@provider(ILogObserver)
def _forward(event: LogEvent) -> None:
    if _busy.now:
        return
    logger = logging.getLogger(event.get("log_namespace") or "twisted")
    level = _LEVELS.get(event.get("log_level", LogLevel.info), logging.INFO)
    if not logger.isEnabledFor(level):
        return
    failure: Failure | None = event.get("log_failure")
    text = formatEvent(event)
    if not text and failure is None:
        return
    _busy.now = True
    try:
        logger.handle(_record(logger.name, level, text, event, failure))
    finally:
        _busy.now = False


def _record(
    name: str, level: int, text: str, event: LogEvent, failure: "Failure | None"
) -> logging.LogRecord:
    path, line, function = _caller()
    # No arguments: a percent sign in the text is one.
    record = _Record(name, level, path, line, text, (), None, function)
    record.created = event["log_time"]
    record.msecs = int(record.created % 1 * 1000)
    if failure is not None:
        traceback = failure.getTracebackObject()
        value = failure.value
        if value is not None and (traceback is None or isinstance(traceback, TracebackType)):
            record.exc_info = (type(value), value, traceback)
        else:
            # A cleaned Failure has nothing but the text of its frames.
            record.exc_text = failure.getTraceback().rstrip()
    return record


def _caller() -> tuple[str, int, str]:
    """Find who logs: the first frame that is not of a log."""
    frame: FrameType = sys._getframe(1)  # noqa: SLF001 -- as the standard library's logging
    while frame.f_back and f"{frame.f_globals.get('__name__')}.".startswith(_LOGGING_MODULES):
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
