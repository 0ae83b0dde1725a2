"""Finding the files that Twisted's own log observers write to.

A line in an open file costs less than a tenth of an event of Twisted's log, if several are written at
once. So for those observers that do nothing but write lines this module finds the file. It reads
attributes of Twisted that are not public, and takes an observer only if all is as expected: each type
must be the very class, each method the original one. Of whatever else there may be (a filter, a class
derived from one of these, syslog, a list) it says that it does not know it.
"""

import io
from collections.abc import Callable
from types import MethodType
from typing import Any, Final, cast

from twisted.logger import (
    FileLogObserver,
    ILogObserver,
    LegacyLogObserverWrapper,
    LogEvent,
    LogLevel,
    LogPublisher,
    textFileLogObserver,
)
from twisted.python import log as classic

__all__ = ["LEVELS", "OpenFile", "file_behind", "observers_of"]

LEVELS: Final = (LogLevel.info, LogLevel.warn, LogLevel.error)

# Every function that `textFileLogObserver` makes shares its code, and no other one does.
_TEXT_CODE: Final = cast("Any", textFileLogObserver(io.StringIO()).formatEvent).__code__

_SAMPLE: Final = 'a "sample" of {text}'

_CLASSIC_ATTRIBUTES: Final = {"write", "flush", "timeFormat"}


class OpenFile:
    """A file that one of Twisted's observers writes to.

    Attributes:
        observer: The observer.
        lost: How many lines could not be written since one could.
    """

    __slots__ = ("_encoding", "_flush", "_format", "_write", "lost", "observer")

    def __init__(
        self,
        observer: ILogObserver,
        file: Any,  # noqa: ANN401 -- whatever the observer was given
        encoding: str | None,
        format_event: Callable[[LogEvent], str | None],
    ) -> None:
        """Take what the observer has.

        Args:
            observer: The observer.
            file: Anything with `write` and `flush`.
            encoding: What the file wants text to be encoded with; None if it takes text.
            format_event: Makes the observer's line of an event.
        """
        self.observer = observer
        self.lost = 0
        self._write = file.write
        self._flush = file.flush
        self._encoding = encoding
        self._format = format_event

    def write(self, text: str) -> None:
        """Write text and flush, as the observer does behind every event.

        Args:
            text: Whole lines.
        """
        self._write(text if self._encoding is None else text.encode(self._encoding))
        self._flush()

    def beginnings(self, second: float, namespace: str) -> tuple[str, ...] | None:
        """Find out what the observer writes before the text of an event.

        Args:
            second: The time of the event, seconds since 1970.
            namespace: Who logs it.

        Returns:
            One for each of `LEVELS`; None if its lines are not a beginning and the text.
        """
        found = []
        for level in LEVELS:
            event = {
                "log_format": "{text}",
                "text": _SAMPLE,
                "log_level": level,
                "log_namespace": namespace,
                "log_time": second,
            }
            beginning, sample, end = (self._format(event) or "").partition(_SAMPLE)
            if not sample or end != "\n":
                return None
            found.append(beginning)
        return tuple(found)


def observers_of(publisher: LogPublisher) -> list[ILogObserver] | None:
    """Look up who observes a publisher.

    Args:
        publisher: The publisher.

    Returns:
        Its own list, which changes as observers come and go; None if it has none that we know.
    """
    found = getattr(publisher, "_observers", None)
    return found if type(found) is list else None


def file_behind(observer: ILogObserver, now: float, namespace: str) -> OpenFile | None:
    """Find the file behind an observer that does nothing but write lines.

    Args:
        observer: An observer of `textFileLogObserver` (twistd's), or the classic `FileLogObserver` of
            `twisted.python.log` (that of `startLogging`).
        now: Seconds since 1970.
        namespace: Who is going to write there.

    Returns:
        The file, or None if it is another observer, or one that shows more than whole seconds.
    """
    kind: type = type(observer)
    found: OpenFile | None = None
    if kind is FileLogObserver:
        found = _text_file(cast("FileLogObserver", observer))
    elif kind is LegacyLogObserverWrapper:
        found = _classic_file(cast("LegacyLogObserverWrapper", observer))
    if found is None:
        return None
    second = int(now)
    beginnings = found.beginnings(second, namespace)
    whole = beginnings is not None and beginnings == found.beginnings(second + 0.5, namespace)
    return found if whole else None


def _text_file(observer: FileLogObserver) -> OpenFile | None:
    file = getattr(observer, "_outFile", None)
    encoding = getattr(observer, "_encoding", "")
    formatter = observer.formatEvent
    if getattr(formatter, "__code__", None) is not _TEXT_CODE or encoding not in (None, "utf-8"):
        return None
    return _open_file(observer, file, encoding, formatter)


def _classic_file(observer: LegacyLogObserverWrapper) -> OpenFile | None:
    emit: Any = observer.legacyObserver
    original = classic.FileLogObserver
    if type(emit) is not MethodType or emit.__func__ is not original.emit:
        return None
    file: Any = emit.__self__
    if type(file) is not original or not vars(file).keys() <= _CLASSIC_ATTRIBUTES:
        return None
    time_format: str | None = file.timeFormat

    def format_event(event: LogEvent) -> str:
        # Its own line, written elsewhere; so the form of the line is Twisted's business.
        text = io.StringIO()
        double = original(text)  # type: ignore[no-untyped-call]
        double.timeFormat = time_format
        LegacyLogObserverWrapper(double.emit)(event)  # type: ignore[arg-type]
        return text.getvalue()

    return _open_file(observer, file, None, format_event)


def _open_file(
    observer: Any,  # noqa: ANN401 -- Twisted's types do not agree on what an observer is
    file: object,
    encoding: str | None,
    format_event: Callable[[LogEvent], str | None],
) -> OpenFile | None:
    if not (callable(getattr(file, "write", None)) and callable(getattr(file, "flush", None))):
        return None
    return OpenFile(observer, file, encoding, format_event)
