"""How programs use `cyclone_core.httputil` and `.util`; read by type checkers only, never run."""

from collections.abc import Iterator, MutableMapping
from typing import Any, assert_type

from cyclone_core.httputil import (
    HTTPHeaders,
    HTTPInputError,
    HTTPServerRequest,
    http_date,
)
from cyclone_core.util import ObjectDict, import_object


def headers() -> None:
    """Make headers and ask them."""
    made = HTTPHeaders({"A": "b"}, Server="cyclone")
    HTTPHeaders([("A", "b"), ("A", "c")])
    mapping: MutableMapping[str, str] = made
    mapping["X"] = "y"
    made.add("A", "c")
    assert_type(made["a"], str)
    assert_type(made.get("a"), str | None)
    assert_type(made.get("a", ""), str)
    assert_type(made.get_list("a"), list[str])
    assert_type(made.get_all(), Iterator[tuple[str, str]])
    assert_type(HTTPHeaders.parse("A: b\r\n"), HTTPHeaders)
    assert_type(made.copy(), HTTPHeaders)


def request() -> None:
    """Make a request by hand."""
    made = HTTPServerRequest("GET", "/a?b=c", headers=HTTPHeaders(), body=b"")
    assert_type(made.path, str)
    assert_type(made.query, str)
    assert_type(made.body, bytes)
    assert_type(made.arguments, dict[str, list[bytes]])
    assert_type(made.query_arguments, dict[str, list[bytes]])
    assert_type(made.body_arguments, dict[str, list[bytes]])
    assert_type(made.remote_ip, str | None)
    assert_type(made.full_url(), str)
    assert_type(made.host_name, str)
    assert_type(made.supports_http_1_1(), bool)
    assert_type(made.request_time(), float)


def others() -> None:
    """Use the small things."""
    assert_type(http_date(0.0), str)
    assert_type(HTTPInputError("long", 413).status, int)
    assert_type(ObjectDict(a=1).a, int)
    assert_type(import_object("os.path"), Any)
