"""What every server of a benchmark answers, and how it is started."""

from __future__ import annotations

import argparse
from functools import cache
from pathlib import Path
from typing import Any

HELLO = b"hello, world"
PLAIN = "text/plain; charset=UTF-8"
JSON: dict[str, object] = {
    "message": "hello, world",
    "id": 42,
    "ok": True,
    "items": [1, 2, 3],
    "name": "M\u00fcller",
}
FILES = r"/static/(.*)"
NO_SNIFF = ("X-Content-Type-Options", "nosniff")
# The page of `micro/`, with values of its own.
TEMPLATES = str(Path(__file__).resolve().parent.parent / "micro" / "templates" / "cyclone")
HEADING = "Members & guests"
USER = "Ada <ada@example.org>"
ROWS = [
    {
        "id": number,
        "name": f"Member <{number}>",
        "email": f"member{number}@example.org",
        "note": "salt & pepper",
    }
    for number in range(100)
]
# Routes that nobody asks for and that a server with many has to look past.
OTHER_ROUTES = tuple([rf"/section{number}/([^/]+)" for number in range(47)])
# What an application that is deployed has besides its routes and its access log.
EVERYTHING: dict[str, Any] = {
    "compress_response": True,
    "cookie_secret": "0123456789abcdef" * 4,
    "xsrf_cookies": True,
}


class Options(argparse.Namespace):
    """The arguments of an app: its port, a directory, and the file of its access log if it has one."""

    port: int
    files: Path
    everything: Path | None


@cache
def options() -> Options:
    """Read the command line of an app."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int, help="the port of 127.0.0.1 to listen on")
    parser.add_argument(
        "--files", type=Path, required=True, metavar="DIRECTORY", help="what /static/ serves"
    )
    parser.add_argument(
        "--everything", type=Path, metavar="FILE", help="have 50 routes and log each request there"
    )
    return parser.parse_args(namespace=Options())
