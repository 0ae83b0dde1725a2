"""The exceptions that a handler raises on purpose."""

import copy
import pickle

import pytest

from cyclone_core.errors import CycloneError, HTTPInputError
from cyclone_core.web import Finish, HTTPError, MissingArgumentError
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
