"""How programs use `cyclone_core.httputil` and `.util`; read by type checkers only, never run."""

from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, BinaryIO, assert_type

from cyclone_core.httputil import (
    HTTPFile,
    HTTPHeaders,
    HTTPInputError,
    HTTPServerRequest,
    ParseBodyConfig,
    ParseMultipartConfig,
    ParseUrlEncodedConfig,
    http_date,
    parse_body_arguments,
    parse_multipart_form_data,
    set_parse_body_config,
)
from cyclone_core.limits import Limits
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
    made.body = b"a"
    assert_type(made.body_file, BinaryIO)
    assert_type(made.files, dict[str, list[HTTPFile]])
    made.files = {"a": [HTTPFile("b", b"")]}
    assert_type(made.body_error, HTTPInputError | None)
    assert_type(made.limits, Limits)
    assert_type(made.get_ssl_certificate(binary_form=True), Any)


def forms() -> None:
    """Parse forms, and use what was uploaded."""
    arguments: dict[str, list[bytes]] = {}
    files: dict[str, list[HTTPFile]] = {}
    multipart = ParseMultipartConfig(enabled=True, max_parts=1, max_part_header_size=1)
    config = ParseBodyConfig(multipart=multipart, urlencoded=ParseUrlEncodedConfig(max_arguments=1))
    set_parse_body_config(config)
    parse_body_arguments("a/b", b"", arguments, files)
    parse_body_arguments("a/b", b"", arguments, files, HTTPHeaders(), config=config)
    parse_body_arguments("a/b", b"", arguments, files, {"A": "b"})
    parse_multipart_form_data(b"a", b"", arguments, files, config=multipart)
    file = HTTPFile(filename="a", body=b"", content_type="b/c")
    mapping: MutableMapping[str, Any] = file
    mapping["x"] = 1
    assert_type(file["body"], Any)
    assert_type(file.body, bytes)
    assert_type(file.filename, str)
    assert_type(file.content_type, str)
    assert_type(file.file, BinaryIO)
    assert_type(file.size, int)
    assert_type(file.save(Path("a")), int)
    assert_type(file.copy(), HTTPFile)
    file.thumbnail = b""
    assert_type(file.thumbnail, Any)


def others() -> None:
    """Use the small things."""
    assert_type(http_date(0.0), str)
    assert_type(HTTPInputError("long", 413).status, int)
    assert_type(ObjectDict(a=1).a, int)
    assert_type(import_object("os.path"), Any)
