"""`ExpectLog`, on the logs of Python and of Twisted."""

import logging
import sys
import unittest as stdlib
from typing import Any

import pytest
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure
from twisted.trial import unittest

from cyclone_core.log import app_log, gen_log
from cyclone_core.testing import ExpectLog, LogMissing

shop = logging.getLogger("shop.orders")


class Records(logging.Handler):
    """Keeps what gets to the handlers."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.messages.append(record.getMessage())


@pytest.fixture
def records() -> Any:  # noqa: ANN401 -- a generator
    """What gets through the logger."""
    kept = Records()
    shop.addHandler(kept)
    yield kept.messages
    shop.removeHandler(kept)


def test_expected(records: list[str]) -> None:
    """A record that is expected goes no further; others do, and behind the block all."""
    with ExpectLog("shop.orders", "order .* late") as expected:
        shop.warning("order %d is late", 7)
        shop.error("other order is late")
        shop.error("first: order is late")
    shop.warning("order 8 is late")
    assert expected.matched == 1
    assert records == ["other order is late", "first: order is late", "order 8 is late"]
    assert shop.filters == []


def test_missing() -> None:
    """What does not come is an error, unless it is optional or the block has failed."""
    with (
        pytest.raises(
            LogMissing, match=r"shop\.orders has said nothing that matches 'x' at level INFO"
        ),
        ExpectLog(shop, "x", level=logging.INFO),
    ):
        pass
    with pytest.raises(LogMissing, match="the log has said nothing"), ExpectLog("", "x"):
        pass
    with ExpectLog(shop, "x", required=False) as expected:
        pass
    assert expected.matched == 0
    with pytest.raises(ZeroDivisionError), ExpectLog(shop, "x"):
        raise ZeroDivisionError


def test_level(records: list[str]) -> None:
    """A level that is asked for is let through, and only that one counts; then all is as before."""
    level = shop.level
    with ExpectLog(shop, "x", level=logging.DEBUG) as expected:
        assert shop.isEnabledFor(logging.DEBUG)
        shop.debug("x")
        shop.warning("x")
    assert (expected.matched, records, shop.level) == (1, ["x"], level)
    with ExpectLog(shop, "x", level=logging.ERROR):
        shop.error("x")
    assert shop.level == level


def test_root(records: list[str]) -> None:
    """The empty name is the root logger, whose filters see only what is said to it."""
    with ExpectLog("", "x") as expected:
        logging.getLogger().warning("x")
        shop.warning("x")
    assert (expected.matched, records) == (1, ["x"])


def test_traceback(records: list[str]) -> None:
    """Whether a traceback came is noted, of a message that is expected and of others."""
    with ExpectLog(shop, "x", required=False) as expected:
        shop.warning("x")
    assert not expected.logged_stack
    with expected:
        shop.warning("y", exc_info=ZeroDivisionError())
    assert expected.logged_stack
    assert records == ["y"]


def test_twisted() -> None:
    """Events of Twisted's log count as well: of a namespace, or of those below it, by level."""
    cellar = Logger(namespace="shop.cellar")
    for logger in ("shop", "shop.cellar", cellar, ""):
        with ExpectLog(logger, "7 bottles") as expected:
            cellar.warn("{count} bottles", count=7)
            cellar.warn("8 bottles")
            Logger(namespace="shopping").warn("bags")
        assert expected.matched == 1
    with ExpectLog("shop.cellar", "x", level=logging.ERROR) as expected:
        cellar.error("x")
        cellar.info("x")
    assert expected.matched == 1
    with pytest.raises(LogMissing), ExpectLog("cellar", "x"):
        cellar.info("x")
    with ExpectLog("shop", "x", level=logging.INFO):
        cellar.emit(LogLevel.info, "x")


def test_names_of_tornado() -> None:
    """`app_log` and `gen_log` stand for what the framework says in Twisted's log, too."""
    web, server = Logger(namespace="cyclone.web"), Logger(namespace="cyclone.httpserver")
    with ExpectLog(app_log, "x") as expected:
        web.warn("x")
        server.warn("x")
        app_log.warning("x")
    assert expected.matched == 2
    with ExpectLog(gen_log, "x") as expected:
        web.warn("x")
        server.warn("x")
        gen_log.warning("x")
    assert expected.matched == 3


class Logging(unittest.TestCase):
    """A test of trial, which fails if a failure is logged."""

    def fail_twice(self) -> None:
        """Log two failures with one type."""
        log = Logger(namespace="shop")
        for message in ("expected", "unexpected"):
            log.failure(message, Failure(ZeroDivisionError(message)))

    def test_expected(self) -> None:
        """A failure that is expected needs no flushLoggedErrors; another one of its type does."""
        with ExpectLog("shop", "expected") as expected:
            self.fail_twice()
        assert expected.logged_stack
        (left,) = self.flushLoggedErrors(ZeroDivisionError)
        assert str(left.value) == "unexpected"


def test_trial(log: list[Any]) -> None:
    """It holds under trial's own rules."""
    result = stdlib.TestResult()
    Logging("test_expected").run(result)  # type: ignore[no-untyped-call]
    assert result.wasSuccessful(), result.errors
    log.clear()


def test_without_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where trial is not in use there is nothing to be taken from it."""
    monkeypatch.delitem(sys.modules, "twisted.trial._synctest")
    with ExpectLog("shop", "x") as expected:
        Logger(namespace="shop").failure("x", Failure(ZeroDivisionError()))
    assert expected.matched == 1


@pytest.fixture(autouse=True)
def _forget(log: list[Any]) -> Any:  # noqa: ANN401 -- a generator
    """The failures of these tests are on purpose."""
    yield
    log.clear()
