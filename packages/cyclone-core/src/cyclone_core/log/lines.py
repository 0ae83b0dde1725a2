"""A writer of lines that are too many for a logger; the access log is one.

The lines end up where Twisted's log goes, between its other lines and in their order. They are kept
until the next event of the log, until the reactor's turn is over, or until there are many, and are
then written at once. That is done if all who observe the log do nothing but write to files, in one
form: twistd to its log file or to stdout, and `startLogging`. If anybody else observes it, each line
is an event like any other, at an event's price.

Rejected: a file of our own, for the order would be lost, and the rotation; one event for many lines,
for Twisted indents all but the first, and syslog would take them for one message.
"""

import atexit
import contextlib
import sys
import time
from collections.abc import Callable
from threading import get_ident
from typing import Any, Final, cast

from twisted.logger import ILogObserver, LogEvent, Logger, LogPublisher, globalLogPublisher

from cyclone_core.log.files import LEVELS, OpenFile, file_behind, observers_of

__all__ = ["BARE", "ERROR", "INFO", "WARN", "LineWriter"]

INFO: Final = 0
WARN: Final = 1
ERROR: Final = 2
BARE: Final = 3
"""A level for `LineWriter.write`: nothing is written before the text, neither time nor level."""

# RFC 5424 section 6.2.1. Twisted would make alerts of errors: "action must be taken immediately".
_SYSLOG_PRIORITIES: Final = (6, 4, 3)

# Where a batch is written although the turn is not over: it holds memory, and joining gains no more.
_BATCH: Final = 256


class LineWriter:
    """Writes lines into Twisted's log at less than a tenth of an event's cost.

    So it is if several are written at once; one in a turn of its own costs a sixth.

    It belongs to the reactor's thread. What other threads log meanwhile may come a turn earlier in the
    file than it happened; the time before it is right.
    """

    __slots__ = (
        "_beginnings",
        "_files",
        "_hook",
        "_known",
        "_log",
        "_namespace",
        "_now",
        "_observers",
        "_pending",
        "_second",
        "_thread",
    )

    def __init__(
        self,
        namespace: str,
        publisher: LogPublisher = globalLogPublisher,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Make a writer. Nothing happens to the log before the first line.

        Args:
            namespace: Who logs.
            publisher: The log.
            now: Tells the time in seconds since 1970.
        """
        self._namespace = namespace
        self._now = now
        self._log = Logger(namespace=namespace, observer=publisher)
        self._hook: Any = self._before_event
        self._observers = observers_of(publisher)
        self._known: list[ILogObserver] | None = None
        self._files: list[OpenFile] | None = None
        self._beginnings: tuple[str, ...] = ()
        self._pending: list[str] = []
        self._second = 0
        self._thread = 0

    def write(self, level: int, text: str) -> bool:
        """Take a line, if it can be written without an event.

        The caller sees to it that `flush` is called in the reactor's next turn.

        Args:
            level: `INFO`, `WARN`, `ERROR` or `BARE`.
            text: The line: ASCII without control characters.

        Returns:
            Whether it was taken; if not, call `emit`.
        """
        if self._observers != self._known:
            self._look()
        if self._files is None:
            return False
        # One second for all lines of a batch: their beginnings are made once for each second.
        if not 0.0 <= self._now() - self._second < 1.0:
            self._begin_second()
        pending = self._pending
        pending.append(f"{self._beginnings[level]}{text}\n")
        if len(pending) >= _BATCH:
            self.flush()
        return True

    def emit(
        self,
        level: int,
        text: str,
        **fields: Any,  # noqa: ANN401 -- what observers may find in an event
    ) -> None:
        """Log a line as an event.

        Args:
            level: `INFO`, `WARN` or `ERROR`.
            text: The line.
            fields: More items of the event.
        """
        priority = _SYSLOG_PRIORITIES[level]
        self._log.emit(LEVELS[level], "{line}", line=text, syslogPriority=priority, **fields)

    def flush(self) -> None:
        """Write what was taken; a file that cannot be written costs its lines and one complaint."""
        pending = self._pending
        if not pending:
            return
        self._pending = []
        text = "".join(pending)
        for file in self._files or ():
            try:
                # What could not be written may have got there in part: that line is not ours to continue.
                file.write("\n" + text if file.lost else text)
            except Exception as error:  # noqa: BLE001 -- whatever stands behind the observer may raise
                file.lost += len(pending)
                if file.lost == len(pending):
                    self._complain(file, error)
            else:
                if file.lost:
                    self._tell_lost(file)

    def _before_event(self, _: LogEvent) -> None:
        if self._pending and get_ident() == self._thread:
            self.flush()

    def _look(self) -> None:
        """See who observes the log now; what was taken goes to those who did when it was."""
        self.flush()
        observers = cast("list[ILogObserver]", self._observers)  # None never differs from None
        self._files = None
        self._known = observers.copy()
        files = self._find_files([each for each in observers if each is not self._hook])
        if files is None:
            return
        if not observers or observers[0] is not self._hook:
            # Only who comes first learns of an event before it is written.
            if self._hook in observers:
                observers.remove(self._hook)
            observers.insert(0, self._hook)
        if self._thread == 0:
            # Twisted's own last words flush earlier, if it has any; not every reactor has.
            atexit.register(self.flush)
        self._thread = get_ident()
        self._files = files
        self._known = observers.copy()
        self._second = 0

    def _find_files(self, observers: list[ILogObserver]) -> list[OpenFile] | None:
        now = int(self._now())
        files = []
        for observer in observers:
            file = file_behind(observer, now, self._namespace)
            if file is None:
                return None
            files.append(file)
        beginnings = {file.beginnings(now, self._namespace) for file in files}
        return files if len(beginnings) < 2 else None  # noqa: PLR2004 -- one form for all

    def _begin_second(self) -> None:
        self.flush()
        self._second = int(self._now())
        found = None
        for file in self._files or ():
            found = file.beginnings(self._second, self._namespace)
        # `file_behind` has seen that there are some; without a file nothing needs any.
        self._beginnings = (*(found or ("", "", "")), "")

    def _complain(self, file: OpenFile, error: Exception) -> None:
        message = (
            "a log file cannot be written; until it can, lines of {namespace} are lost: {error}"
        )
        observers = self._observers or ()
        others = [each for each in observers if each not in (self._hook, file.observer)]
        if others:
            log = Logger(namespace=self._namespace, observer=LogPublisher(*others))
            log.error(message, namespace=self._namespace, error=error)
        elif sys.__stderr__ is not None:
            said = message.format(namespace=self._namespace, error=error)
            with contextlib.suppress(OSError, ValueError):  # it may be closed, too
                sys.__stderr__.write(f"cyclone: {said}\n")

    def _tell_lost(self, file: OpenFile) -> None:
        lost, file.lost = file.lost, 0
        self._log.error("{count} lines were lost: the log file could not be written", count=lost)
