"""Heads that never end; most of it is tested through the reader."""

import pytest

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1.buffer import ReceiveBuffer
from cyclone_core.http1.unfinished import UnfinishedHead
from cyclone_core.limits import Limits


def test_each_byte_is_looked_at_once() -> None:
    """What was checked before is not checked again, even if it would fail now."""
    buffer = ReceiveBuffer()
    head = UnfinishedHead(Limits(), 100, HTTPInputError)
    buffer.append(b"GET / HTTP/1.1\r\nHost: a\r\n")
    head.check(buffer)
    buffer.data = b"\n" * len(buffer)
    head.check(buffer)
    buffer.append(b"X: y\n")
    with pytest.raises(HTTPInputError, match="bare LF"):
        head.check(buffer)
