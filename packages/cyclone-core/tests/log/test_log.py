"""The loggers of the standard library."""

import logging

import pytest

from cyclone_core.log import access_log, app_log, gen_log


@pytest.mark.parametrize(
    ("logger", "name"),
    [
        (access_log, "cyclone.access"),
        (app_log, "cyclone.application"),
        (gen_log, "cyclone.general"),
    ],
)
def test_loggers(logger: logging.Logger, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """They are named like Tornado's three, and work as `logging` says."""
    logger.warning("%d lines", 2)
    assert caplog.record_tuples == [(name, logging.WARNING, "2 lines")]
    assert logging.getLogger(name) is logger
