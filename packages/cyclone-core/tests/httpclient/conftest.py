"""What the tests of the client share."""

import pytest

from .network import Network


@pytest.fixture
def network() -> Network:
    """Give a network without connections."""
    return Network()
