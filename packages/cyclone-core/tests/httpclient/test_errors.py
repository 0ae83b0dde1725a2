"""What can go wrong between a client and its server, as a program sees it."""

import errno
import pickle

import pytest

from cyclone_core.httpclient import (
    AsyncHTTPClient,
    ConnectError,
    HTTPClientError,
    HTTPError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    RequestTimeout,
    TooManyRedirects,
)
from cyclone_core.testing import result_of

from .network import Network


def test_families() -> None:
    """One root; and where Python has a name for it, that one holds, too."""
    assert HTTPError is HTTPClientError
    assert isinstance(RequestTimeout("a"), (HTTPTimeoutError, TimeoutError))
    assert isinstance(ConnectError("a"), ConnectionError)
    assert isinstance(HTTPStreamClosedError("a"), ConnectionError)


@pytest.mark.parametrize(
    ("error", "text", "code"),
    [
        (HTTPClientError(404), "HTTP 404: Not Found", 404),
        (HTTPClientError(404, "gone"), "HTTP 404: gone", 404),
        (ConnectError("nobody there"), "HTTP 599: nobody there", 599),
        (TooManyRedirects(302, "again"), "HTTP 302: again", 302),
    ],
)
def test_text(error: HTTPClientError, text: str, code: int) -> None:
    """An error has the code and the message, also when it comes out of a pickle."""
    for each in (error, pickle.loads(pickle.dumps(error))):  # noqa: S301 -- our own
        assert (str(each), each.code, each.response) == (text, code, None)
        assert repr(each) == f"{type(error).__name__}({code}, {error.message!r})"
    assert getattr(error, "errno", None) is None


def test_errno(network: Network) -> None:
    """An error of the system has its number."""
    waiting = AsyncHTTPClient(reactor=network.reactor).fetch("http://127.0.0.1/")
    network.refuse(errno.ECONNREFUSED)
    with pytest.raises(ConnectError) as caught:
        result_of(waiting)
    assert caught.value.errno == errno.ECONNREFUSED
