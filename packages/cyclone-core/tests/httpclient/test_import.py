"""What comes with the client before it is asked for anything."""

import subprocess
import sys

import pytest

_SHOW = "import cyclone_core.httpclient, sys; print(*sys.modules)"


@pytest.fixture(scope="module")
def loaded() -> list[str]:
    """Import the client in a process of its own; gives the modules that are there then."""
    command = [sys.executable, "-c", _SHOW]
    result = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 -- our own
    return result.stdout.split()


@pytest.mark.parametrize(
    "name",
    [
        "OpenSSL",
        "cryptography",
        "service_identity",
        "twisted.internet.reactor",
        "twisted.internet.ssl",
        "twisted.web.client",
    ],
)
def test_not_at_import(loaded: list[str], name: str) -> None:
    """A program that only imports the client waits for no TLS, and may still choose its reactor."""
    assert "cyclone_core.httpclient" in loaded
    assert name not in loaded
