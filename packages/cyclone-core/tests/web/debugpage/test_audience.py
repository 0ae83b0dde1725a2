"""Who may see a traceback."""

from collections.abc import Callable
from typing import Any

import pytest

from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.web import RequestHandler
from cyclone_core.web.debugpage.audience import may_see

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported


@pytest.mark.parametrize(
    ("remote_ip", "host", "setting", "wanted"),
    [
        ("127.0.0.1", "localhost:8888", True, True),
        ("127.0.0.2", "app.localhost", True, True),
        ("::1", "[::1]:8888", True, True),
        ("127.0.0.1", "127.0.0.1:8888", 1, True),
        ("127.0.0.1", "192.168.1.5", True, True),
        ("unix:/run/app.sock", "localhost", True, True),
        ("127.0.0.1", "evil.example", True, False),
        ("127.0.0.1", "localhost.evil.example", True, False),
        ("127.0.0.1", "notlocalhost", True, False),
        ("192.0.2.1", "localhost", True, False),
        ("", "localhost", True, False),
        (None, "localhost", True, False),
        ("192.0.2.1", "DEV.example.com:80", ["dev.example.com"], True),
        ("127.0.0.1", "localhost", ["dev.example.com"], False),
        ("127.0.0.1", "localhost", [], False),
        ("127.0.0.1", "localhost", "localhost", True),
        ("192.0.2.1", "e", "dev.example", False),
        ("127.0.0.1", "localhost", False, False),
        ("127.0.0.1", "localhost", None, False),
    ],
)
def test_may_see(remote_ip: str | None, host: str, setting: object, wanted: bool) -> None:
    """This machine under a name of its own may, or whom the setting names; nobody else."""
    request = HTTPServerRequest("GET", "/", remote_ip=remote_ip, host=host)
    assert may_see(request, setting) is wanted


def test_hint(serve: Serve, log: Log) -> None:
    """Others get the short page, and the log says how they would get the other one."""

    class Broken(RequestHandler):
        def get(self) -> None:
            raise ZeroDivisionError

    answer = serve(Broken, debug=True).ask(Accept="text/html")
    assert (answer.status, "ZeroDivisionError" in answer.text) == (500, False)
    assert len(log.failures()) == 1
    assert "serve_traceback=['test'] shows it there" in "".join(log.take())
