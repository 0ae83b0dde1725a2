"""Testing applications: in memory with `Client`, over a socket with `AsyncHTTPTestCase`.

`Client` needs neither a port nor a reactor that runs. An answer of a handler that waits for nothing is
there at once, so a test function of pytest needs no plugin, only a fixture:

```python
import pytest
from cyclone_core.testing import Client, result_of
from shop import make_app

@pytest.fixture
def client():
    with Client(make_app()) as client:
        yield client

def test_index(client):
    response = result_of(client.get("/"))
    assert response.status == 200
```

A handler that waits for time gets a clock that the test advances, `Application(..., reactor=clock)` with
`clock = twisted.internet.task.Clock()`: then `result_of` follows `clock.advance(1)`. Where a reactor
runs, under trial, tests are `async def` and write `await client.get("/")`; see `CycloneTestCase`.

`AsyncHTTPTestCase` and the other names of Tornado's module `testing` are for ported tests, and for what
needs a real connection. They use trial's `TestCase`, which runs under trial, pytest and `unittest`.
"""

from cyclone_core.testing.async_http import AsyncHTTPSTestCase, AsyncHTTPTestCase, AsyncTestCase
from cyclone_core.testing.client import Client, RequestOptions
from cyclone_core.testing.connection import Connection, OpenRequest
from cyclone_core.testing.coroutines import gen_test, get_async_test_timeout
from cyclone_core.testing.errors import (
    AnswerLost,
    BadAnswer,
    ClientError,
    LogMissing,
    NotFired,
    TooManyRedirects,
)
from cyclone_core.testing.jar import Cookie, CookieJar
from cyclone_core.testing.logs import ExpectLog
from cyclone_core.testing.response import Response
from cyclone_core.testing.results import result_of
from cyclone_core.testing.running import main
from cyclone_core.testing.sockets import bind_unused_port
from cyclone_core.testing.testcase import CycloneTestCase

__all__ = [
    "AnswerLost",
    "AsyncHTTPSTestCase",
    "AsyncHTTPTestCase",
    "AsyncTestCase",
    "BadAnswer",
    "Client",
    "ClientError",
    "Connection",
    "Cookie",
    "CookieJar",
    "CycloneTestCase",
    "ExpectLog",
    "LogMissing",
    "NotFired",
    "OpenRequest",
    "RequestOptions",
    "Response",
    "TooManyRedirects",
    "bind_unused_port",
    "gen_test",
    "get_async_test_timeout",
    "main",
    "result_of",
]
