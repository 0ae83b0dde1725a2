"""The classes of errors: txredisapi's are the same, and the types say so."""

import ast
import inspect

import pytest
import txredisapi

from cyclone_storage import redis
from cyclone_storage.errors import PoolTimeout, StorageError
from cyclone_storage.redis import errors

OURS = {
    "AuthenticationError": {"ConnectionError", "ResponseError", "StorageError", "ValueError"},
    "CertificateError": {"ConnectionError", "StorageError", "TLSError"},
    "HandshakeError": {"ConnectionError", "ResponseError", "StorageError", "ValueError"},
    "ProtocolError": {"InvalidResponse", "StorageError"},
    "ReplyTooLarge": {"InvalidResponse", "StorageError"},
    "TLSError": {"ConnectionError", "StorageError"},
    "WaitTimeout": {"ConnectionError", "PoolTimeout", "StorageError", "TimeoutError"},
}


@pytest.mark.parametrize("name", sorted(set(errors.__all__) - OURS.keys()))
def test_the_classic_errors_are_txredisapis(name: str) -> None:
    """An `except` for txredisapi's class catches ours, and the other way round."""
    assert getattr(errors, name) is getattr(txredisapi, name)


@pytest.mark.parametrize("name", sorted(OURS))
def test_ours_are_caught_by_the_classic_names(name: str) -> None:
    """Each error of ours is a RedisError, and those that programs already catch."""
    names = {each.__name__ for each in getattr(errors, name).__mro__}
    assert names >= OURS[name] | {"RedisError", "StorageError"}
    assert issubclass(getattr(errors, name), StorageError)


def test_a_wait_that_is_too_long_is_every_kind_of_timeout() -> None:
    """Redis's TimeoutError, Python's and the pools' catch it."""
    assert issubclass(errors.WaitTimeout, (TimeoutError,))
    assert issubclass(errors.WaitTimeout, (PoolTimeout,))
    assert issubclass(errors.WaitTimeout, (txredisapi.TimeoutError,))
    assert str(errors.WaitTimeout("late")) == "late"


def test_what_type_checkers_see_is_what_there_is() -> None:
    """The declared classes have the same bases as txredisapi's."""
    tree = ast.parse(inspect.getsource(errors))
    (block,) = (each for each in tree.body if isinstance(each, ast.If))
    declared = [each for each in block.body if isinstance(each, ast.ClassDef)]
    assert {each.name for each in declared} == set(errors.__all__) - OURS.keys()
    for each in declared:
        bases = [ast.unparse(base) for base in each.bases]
        assert bases == [base.__name__ for base in getattr(txredisapi, each.name).__bases__]


def test_hiredis_protocol_is_txredisapis(monkeypatch: pytest.MonkeyPatch) -> None:
    """The classic name is there with hiredis, and says what it needs without."""
    monkeypatch.setattr(txredisapi, "hiredis", object())
    assert redis.HiredisProtocol is txredisapi.HiredisProtocol
    monkeypatch.setattr(txredisapi, "hiredis", None)
    with pytest.raises(AttributeError, match="pip install hiredis"):
        _ = redis.HiredisProtocol
    with pytest.raises(AttributeError, match="no attribute 'HighProtocol'"):
        _ = redis.HighProtocol
