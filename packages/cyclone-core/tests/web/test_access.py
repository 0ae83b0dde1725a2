"""The lines of the access log."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from twisted.logger import LogLevel

from cyclone_core.web import RequestHandler
from cyclone_core.web.access import log_access

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported


class Status(RequestHandler):
    """Answers with the status that is asked for."""

    def get(self) -> None:
        """Answer."""
        self.set_status(int(self.get_argument("code")))


@pytest.mark.parametrize(
    ("code", "level"),
    [
        (200, LogLevel.info),
        (304, LogLevel.info),
        (399, LogLevel.info),
        (400, LogLevel.warn),
        (499, LogLevel.warn),
        (500, LogLevel.error),
        (599, LogLevel.error),
    ],
)
def test_levels(serve: Serve, log: Log, code: int, level: object) -> None:
    """Errors of the client are warnings, those of the server errors."""
    serve(Status, log_function=log_access).ask(f"/?code={code}")
    (event,) = [each for each in log.events if each["log_namespace"] == "cyclone.access"]
    assert event["log_level"] is level
    assert event["status"] == code
    log.take()


def test_line(serve: Serve, log: Log) -> None:
    """A line shows status, method, URI, client and milliseconds; braces are no placeholders."""
    serve(Status, log_function=None).ask("/a{b}?code=200&x={status}")
    (line,) = log.take("cyclone.access")
    pattern = r"200 GET /a\{b\}\?code=200&x=\{status\} \(192\.168\.1\.1\) \d+\.\d\dms"
    assert re.fullmatch(pattern, line)
