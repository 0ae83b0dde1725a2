"""The exceptions that a handler raises on purpose."""

import copy
import pickle
import re
from typing import Any

import pytest

from cyclone_core.errors import CycloneError, HTTPInputError
from cyclone_core.web import Finish, HTTPAuthenticationRequired, HTTPError, MissingArgumentError
from cyclone_core.web.errors import MethodNotAllowed, status_of


class CustomError(HTTPError):
    """An error of an application, with a constructor of its own."""

    def __init__(self, field: str) -> None:
        super().__init__(422, "the field %s is wrong", field, reason="Wrong Field")
        self.field = field


def test_attributes() -> None:
    """An `HTTPError` keeps what it was given."""
    error = HTTPError(404, "no %s in %s", "x", "y", reason="Gone Fishing")
    assert (error.status_code, error.log_message) == (404, "no %s in %s")
    assert (error.args, error.reason) == (("x", "y"), "Gone Fishing")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (HTTPError(), "HTTP 500: Internal Server Error"),
        (HTTPError(404), "HTTP 404: Not Found"),
        (HTTPError(499), "HTTP 499: Unknown"),
        (HTTPError(404, reason="Gone"), "HTTP 404: Gone"),
        (HTTPError(404, "no %s", "page"), "HTTP 404: Not Found (no page)"),
        (HTTPError(404, "100 % literal"), "HTTP 404: Not Found (100 % literal)"),
        (HTTPError(404, "%d", "x"), "HTTP 404: Not Found (%d ('x',))"),
        (HTTPError(404, "%", 1), "HTTP 404: Not Found (% (1,))"),
        (HTTPError(404, "%(a)s", {"a": 1}), "HTTP 404: Not Found (%(a)s ({'a': 1},))"),
        (MissingArgumentError("name"), "HTTP 400: Bad Request (Missing argument name)"),
        (MissingArgumentError("100%s"), "HTTP 400: Bad Request (Missing argument 100%s)"),
    ],
)
def test_text(error: HTTPError, text: str) -> None:
    """The text shows status, reason and message, whatever is wrong with the message."""
    assert str(error) == text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "error",
    [
        HTTPError(404, "no %s", "page", reason="Gone"),
        MissingArgumentError("name"),
        MethodNotAllowed(("GET", "HEAD")),
        CustomError("age"),
    ],
)
def test_copy_and_pickle(error: HTTPError, protocol: int) -> None:
    """Copies and pickles have all that was given, in subclasses too."""
    pickled = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 -- our own
    for same in (copy.copy(error), copy.deepcopy(error), pickled):
        assert type(same) is type(error)
        assert same.args == error.args
        assert str(same) == str(error)
        assert vars(same) == vars(error)


def test_one_root() -> None:
    """Everything that is raised on purpose has the package's root."""
    assert issubclass(HTTPError, CycloneError)
    assert issubclass(Finish, CycloneError)
    assert issubclass(MissingArgumentError, HTTPError)
    assert not issubclass(Finish, HTTPError)


def test_method_not_allowed() -> None:
    """The error for a method that is not implemented carries the `Allow` header."""
    error = MethodNotAllowed(("GET", "HEAD"))
    assert error.http_headers == {"Allow": "GET, HEAD"}
    assert error.status_code == 405


def test_status_of() -> None:
    """Each exception has a status; 500 if it does not say."""
    assert status_of(HTTPError(403)) == 403
    assert status_of(HTTPInputError("x", 413)) == 413
    assert status_of(ValueError()) == 500


# Authentication.


@pytest.mark.parametrize(
    ("error", "challenge"),
    [
        (HTTPAuthenticationRequired(), 'Basic realm="Restricted Access"'),
        (HTTPAuthenticationRequired("why", "Bearer", "x"), 'Bearer realm="x"'),
        (
            HTTPAuthenticationRequired(auth_type="Digest", realm="x", algorithm="SHA-256", n=1),
            'Digest algorithm=SHA-256, n="1", realm="x"',
        ),
        (HTTPAuthenticationRequired(realm='a "b" \\ é'), 'Basic realm="a \\"b\\" \\\\ é"'),
        (HTTPAuthenticationRequired(x_y=True), 'Basic x-y="True", realm="Restricted Access"'),
        (HTTPAuthenticationRequired(stale="a b"), 'Basic stale="a b", realm="Restricted Access"'),
    ],
)
def test_authentication_required(error: HTTPAuthenticationRequired, challenge: str) -> None:
    """The challenge has scheme and parameters, these quoted and escaped."""
    assert (error.status_code, status_of(error)) == (401, 401)
    assert error.http_headers == {"WWW-Authenticate": challenge}
    assert copy.copy(error).http_headers == pickle.loads(pickle.dumps(error)).http_headers  # noqa: S301


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"auth_type": "Ba sic"}, "an authentication scheme is a token (RFC 9110), not 'Ba sic'"),
        (
            {"realm": "a\r\nX: y"},
            "the parameter realm must be printable latin-1, not 'a\\r\\nX: y'",
        ),
        ({"realm": "\u4e2d"}, "the parameter realm must be printable latin-1"),
        ({"a b": 1}, "the name of a parameter is a token (RFC 9110), not 'a b'"),
    ],
)
def test_challenge_that_cannot_be_sent(arguments: dict[str, Any], message: str) -> None:
    """What no header may hold is refused when the error is made."""
    with pytest.raises(ValueError, match=re.escape(message)):
        HTTPAuthenticationRequired(**arguments)
