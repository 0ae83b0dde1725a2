"""`ExpectLog`: what a test expects in the log."""

import logging
import re
import sys
from types import TracebackType
from typing import Any, Final, Self, cast

from twisted.logger import (
    ILogObserver,
    LogEvent,
    Logger,
    LogLevel,
    formatEvent,
    globalLogPublisher,
)

from cyclone_core.testing.errors import LogMissing

__all__ = ["ExpectLog"]

_LEVELS: Final = {
    LogLevel.debug: logging.DEBUG,
    LogLevel.info: logging.INFO,
    LogLevel.warn: logging.WARNING,
    LogLevel.error: logging.ERROR,
    LogLevel.critical: logging.CRITICAL,
}

# What Tornado says through these loggers cyclone says in Twisted's log.
_NAMESPACES: Final = {
    "cyclone.access": "cyclone.access",
    "cyclone.application": "cyclone.web",
    "cyclone.general": "cyclone",
}


class ExpectLog(logging.Filter):
    """Expects a message while a block runs, in the logs of Python and of Twisted (Tornado: `ExpectLog`).

    A record of `logging` that is expected goes no further. An event of Twisted's log has been written
    when this sees it; but a failure in it does not make a trial test fail, so `flushLoggedErrors` is not
    needed.

    Attributes:
        matched: How many messages were as expected.
        logged_stack: Whether a message of that logger, expected or not, came with a traceback.

    Example:
        >>> import logging
        >>> with ExpectLog("shop.orders", "order .* is late") as expected:
        ...     logging.getLogger("shop.orders").warning("order %d is late", 7)
        >>> expected.matched
        1
    """

    def __init__(
        self,
        logger: "logging.Logger | Logger | str",
        regex: str,
        required: bool = True,
        level: int | None = None,
    ) -> None:
        """Expect a message.

        Args:
            logger: A logger of `logging` or of Twisted, or a name. Of Python's loggers only the one of
                that name counts, the empty one is the root; of Twisted's those whose namespace is the
                name or lies below it. `app_log` and `gen_log` of `cyclone_core.log` stand for what
                cyclone's framework, or all of it, says in Twisted's log, too.
            regex: What the message begins with.
            required: Whether it is an error if no such message comes.
            level: A level of `logging` that it must have, for example `logging.INFO`; Python's logger is
                told to let it pass. By default any level will do.

        Raises:
            re.error: The expression is none.
        """
        name = logger.namespace if isinstance(logger, Logger) else getattr(logger, "name", logger)
        super().__init__()
        self.logger = logger if isinstance(logger, logging.Logger) else logging.getLogger(str(name))
        self.regex = re.compile(regex)
        self.required = required
        self.level = level
        self.matched = 0
        self.logged_stack = False
        self._namespace = _NAMESPACES.get(str(name), "" if name == "root" else str(name))
        self._former_level: int | None = None
        self._observer = cast("ILogObserver", self._observe)  # one and the same each time

    def filter(self, record: logging.LogRecord) -> bool:
        """Look at a record of `logging`; tells whether others are to get it."""
        if record.exc_info:
            self.logged_stack = True
        return not self._matches(record.getMessage(), record.levelno)

    def __enter__(self) -> Self:
        """Begin to look."""
        if self.level is not None and self.level < self.logger.getEffectiveLevel():
            self._former_level = self.logger.level
            self.logger.setLevel(self.level)
        self.logger.addFilter(self)
        globalLogPublisher.addObserver(self._observer)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Look no longer.

        Raises:
            LogMissing: What was required has not come, and the block has raised nothing.
        """
        globalLogPublisher.removeObserver(self._observer)
        self.logger.removeFilter(self)
        if self._former_level is not None:
            self.logger.setLevel(self._former_level)
            self._former_level = None
        if kind is None and self.required and not self.matched:
            where = self._namespace or "the log"
            level = "" if self.level is None else f" at level {logging.getLevelName(self.level)}"
            raise LogMissing(f"{where} has said nothing that matches {self.regex.pattern!r}{level}")

    def _observe(self, event: LogEvent) -> None:
        namespace = str(event.get("log_namespace", ""))
        if self._namespace and not f"{namespace}.".startswith(f"{self._namespace}."):
            return
        failure = event.get("log_failure")
        if failure is not None:
            self.logged_stack = True
        level = _LEVELS.get(event.get("log_level", LogLevel.info), logging.INFO)
        if self._matches(formatEvent(event), level) and failure is not None:
            _forget(failure)

    def _matches(self, message: str, level: int) -> bool:
        if self.regex.match(message) is None or self.level not in (None, level):
            return False
        self.matched += 1
        return True


def _forget(failure: object) -> None:
    """Take a failure from those for which trial lets the running test fail."""
    # `flushLoggedErrors` of the test case, which is not known here, would take all of a type.
    trial: Any = sys.modules.get("twisted.trial._synctest")
    observer = getattr(trial, "_logObserver", None)
    errors = getattr(observer, "_errors", None)
    if isinstance(errors, list):
        errors[:] = [each for each in errors if each is not failure]
