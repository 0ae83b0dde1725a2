"""The exceptions: who is to blame, and what is answered."""

import copy
import pickle

import pytest

from cyclone_core import errors, httputil
from cyclone_core.errors import (
    CycloneError,
    HTTPInputError,
    HTTPOutputError,
    NotUpgradable,
    StreamClosedError,
)


def test_one_root() -> None:
    """Each exception of the module is a CycloneError, and none is a ValueError by accident."""
    for name in errors.__all__:
        kind = getattr(errors, name)
        assert issubclass(kind, CycloneError)
        assert not issubclass(kind, ValueError | OSError)


def test_the_peer_and_the_program_are_told_apart() -> None:
    """Neither family catches the other's mistakes."""
    assert not issubclass(HTTPInputError, HTTPOutputError)
    assert not issubclass(HTTPOutputError, HTTPInputError)
    assert issubclass(NotUpgradable, HTTPOutputError)
    assert not issubclass(StreamClosedError, HTTPOutputError)


def test_tornados_names_are_in_httputil() -> None:
    """Applications import them from there."""
    assert httputil.HTTPInputError is HTTPInputError
    assert httputil.HTTPOutputError is HTTPOutputError


@pytest.mark.parametrize(("args", "status"), [(("no",), 400), (("no", 431), 431)])
def test_a_peers_mistake_has_a_status(args: tuple[str, int], status: int) -> None:
    """It is 400 unless said otherwise, under both names, and survives copying and pickling."""
    error = HTTPInputError(*args)
    pickled = pickle.loads(pickle.dumps(error))  # noqa: S301 -- our own bytes
    for each in (error, copy.copy(error), pickled):
        assert (str(each), each.status, each.http_status) == ("no", status, status)
