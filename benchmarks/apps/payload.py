"""What every server of a benchmark answers, and how it is started."""

from __future__ import annotations

import sys

HELLO = b"hello, world"
HELLO_TYPE = "text/plain; charset=UTF-8"
JSON: dict[str, object] = {
    "message": "hello, world",
    "id": 42,
    "ok": True,
    "items": [1, 2, 3],
    "name": "M\u00fcller",
}


def port() -> int:
    """Return the port to listen on: the only argument of an app."""
    return int(sys.argv[1])
