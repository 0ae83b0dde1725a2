"""Form bodies by Tornado's functions."""

import dataclasses
from collections.abc import Iterator

import pytest

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil import (
    HTTPFile,
    HTTPHeaders,
    HTTPServerRequest,
    ParseBodyConfig,
    ParseMultipartConfig,
    ParseUrlEncodedConfig,
    parse_body_arguments,
    parse_multipart_form_data,
    set_parse_body_config,
)
from cyclone_core.limits import Limits

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=B"
BODY = (
    b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    b'--B\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n2\r\n'
    b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n--B--\r\n'
)
FILE = HTTPFile("x", b"2")


@pytest.fixture(autouse=True)
def _reset() -> Iterator[None]:
    """Undo what a test has configured."""
    yield
    set_parse_body_config(ParseBodyConfig())


def parsed(
    content_type: str,
    body: bytes,
    headers: HTTPHeaders | None = None,
    config: ParseBodyConfig | None = None,
) -> tuple[dict[str, list[bytes]], dict[str, list[HTTPFile]]]:
    """Parse a body into empty dictionaries."""
    arguments: dict[str, list[bytes]] = {}
    files: dict[str, list[HTTPFile]] = {}
    parse_body_arguments(content_type, body, arguments, files, headers, config=config)
    return arguments, files


class TestParseBodyArguments:
    """`parse_body_arguments`."""

    def test_urlencoded(self) -> None:
        """Fields are added to those that are there, blank ones too."""
        arguments = {"a": [b"0"]}
        parse_body_arguments(FORM + ";charset=x", b"a=1&b=&a=%ff", arguments, {})
        assert arguments == {"a": [b"0", b"1", b"\xff"], "b": [b""]}

    def test_multipart(self) -> None:
        """Fields and files are added to those that are there."""
        arguments = {"a": [b"0"]}
        files = {"f": [FILE]}
        parse_body_arguments(MULTIPART, BODY, arguments, files)
        assert arguments == {"a": [b"0", b"1", b""]}
        assert files == {"f": [FILE, FILE]}

    @pytest.mark.parametrize(
        "content_type",
        [
            'Multipart/Form-Data;charset=utf-8 ; Boundary="B"',
            "multipart/form-data; boundary=B;",
            "multipart/form-data;boundary=B",
        ],
    )
    def test_content_types(self, content_type: str) -> None:
        """The boundary may be quoted and stand behind other parameters."""
        assert parsed(content_type, BODY)[1] == {"f": [FILE]}

    @pytest.mark.parametrize(
        "content_type", ["", "text/plain", "multipart/form-dataxyz; boundary=B", "multipart/mixed"]
    )
    def test_others(self, content_type: str) -> None:
        """A body of another type is left alone."""
        assert parsed(content_type, BODY) == ({}, {})

    @pytest.mark.parametrize(
        "parameters",
        [
            "",
            "; boundary=",
            '; boundary=""',
            "; boundary=" + "B" * 71,
            "; boundary=B; boundary=B",
            '; boundary="B',
            "; boundary*=utf-8''B",
            "; boundary*0=B",
            "; boundary=\u20ac",
            "; boundary",
        ],
    )
    def test_no_boundary(self, parameters: str) -> None:
        """Without a valid boundary, and one only, there is no form: status 400."""
        with pytest.raises(HTTPInputError) as caught:
            parsed("multipart/form-data" + parameters, BODY)
        assert caught.value.status == 400

    @pytest.mark.parametrize("content_type", [FORM, MULTIPART])
    def test_encoded(self, content_type: str) -> None:
        """A form that is still encoded cannot be parsed, as in Tornado; `identity` encodes nothing."""
        body = b"" if content_type == FORM else BODY
        headers = HTTPHeaders({"Content-Encoding": "gzip"})
        with pytest.raises(HTTPInputError, match="Content-Encoding 'gzip'") as caught:
            parsed(content_type, body, headers)
        assert caught.value.status == 400
        assert parsed("text/plain", body, headers) == ({}, {})
        parsed(content_type, body, HTTPHeaders({"Content-Encoding": " Identity"}))
        parsed(content_type, body, HTTPHeaders())

    @pytest.mark.parametrize("content_type", [FORM, MULTIPART])
    def test_malformed(self, content_type: str) -> None:
        """A form that is refused adds nothing."""
        arguments: dict[str, list[bytes]] = {}
        body = b"&" * 1000 if content_type == FORM else BODY[:-9] + b"\r\n--B\r\n\r\n"
        with pytest.raises(HTTPInputError):
            parse_body_arguments(content_type, body, arguments, {})
        assert arguments == {}


class TestParseMultipart:
    """`parse_multipart_form_data`."""

    @pytest.mark.parametrize("boundary", [b"B", b'"B"'])
    def test_boundary(self, boundary: bytes) -> None:
        """The boundary may have quotes, as in the header."""
        arguments: dict[str, list[bytes]] = {}
        files: dict[str, list[HTTPFile]] = {}
        parse_multipart_form_data(boundary, BODY, arguments, files)
        assert arguments == {"a": [b"1", b""]}
        assert files == {"f": [FILE]}

    @pytest.mark.parametrize("boundary", [b"", b'""', b"\xff"])
    def test_no_boundary(self, boundary: bytes) -> None:
        """What is no boundary is refused."""
        with pytest.raises(HTTPInputError, match="boundary"):
            parse_multipart_form_data(boundary, BODY, {}, {})

    def test_quote_as_boundary(self) -> None:
        """One quote is a boundary like any other."""
        arguments: dict[str, list[bytes]] = {}
        parse_multipart_form_data(b'"', BODY.replace(b"--B", b'--"'), arguments, {})
        assert arguments == {"a": [b"1", b""]}

    def test_large_field(self) -> None:
        """What is in memory already may be large."""
        arguments: dict[str, list[bytes]] = {}
        value = b"x" * (Limits().body_memory_limit + 1)
        parse_multipart_form_data(b"B", BODY.replace(b"1", value), arguments, {})
        assert arguments == {"a": [value, b""]}


class TestConfig:
    """Tornado's settings."""

    def test_defaults(self) -> None:
        """The defaults are Tornado's and those of our limits."""
        config = ParseBodyConfig()
        assert dataclasses.asdict(config) == {
            "multipart": {"enabled": True, "max_parts": 100, "max_part_header_size": 10 * 1024},
            "urlencoded": {"max_arguments": 1000},
        }

    @pytest.mark.parametrize("everywhere", [False, True])
    @pytest.mark.parametrize(
        ("good", "bad"),
        [
            (ParseMultipartConfig(), ParseMultipartConfig(enabled=False)),
            (ParseMultipartConfig(max_parts=3), ParseMultipartConfig(max_parts=2)),
            (ParseMultipartConfig(max_parts=4), ParseMultipartConfig(max_parts=0)),
            (
                ParseMultipartConfig(max_part_header_size=54),
                ParseMultipartConfig(max_part_header_size=53),
            ),
        ],
    )
    def test_multipart(
        self, everywhere: bool, good: ParseMultipartConfig, bad: ParseMultipartConfig
    ) -> None:
        """Each limit at it and one past it, for one call and for the process."""
        for multipart in (good, bad):
            config = ParseBodyConfig(multipart=multipart)
            if everywhere:
                set_parse_body_config(config)
            used = None if everywhere else config
            if multipart is good:
                assert parsed(MULTIPART, BODY, config=used)[1] == {"f": [FILE]}
            else:
                with pytest.raises(HTTPInputError) as caught:
                    parsed(MULTIPART, BODY, config=used)
                assert caught.value.status == 400

    @pytest.mark.parametrize("everywhere", [False, True])
    def test_urlencoded(self, everywhere: bool) -> None:
        """The number of fields, at the limit and one past it."""
        config = ParseBodyConfig(urlencoded=ParseUrlEncodedConfig(max_arguments=2))
        if everywhere:
            set_parse_body_config(config)
        used = None if everywhere else config
        assert parsed(FORM, b"a=1&b=2", config=used)[0] == {"a": [b"1"], "b": [b"2"]}
        with pytest.raises(HTTPInputError, match="3 fields, 2 are allowed"):
            parsed(FORM, b"a=1&b=2&c", config=used)

    def test_requests(self) -> None:
        """What is set for the process holds for requests and wins over limits of their own."""
        limits = Limits(max_arguments=3, max_parts=2, max_part_header_size=10)

        def request(content_type: str, body: bytes, uri: str = "/") -> HTTPServerRequest:
            headers = HTTPHeaders({"Content-Type": content_type})
            return HTTPServerRequest("POST", uri, headers=headers, body=body, limits=limits)

        config = ParseBodyConfig(
            ParseMultipartConfig(max_parts=3, max_part_header_size=54),
            ParseUrlEncodedConfig(max_arguments=2),
        )
        with pytest.raises(HTTPInputError):
            request(MULTIPART, BODY).files  # noqa: B018 -- a property that raises
        set_parse_body_config(config)
        assert request(MULTIPART, BODY).files == {"f": [FILE]}
        for made in (request(FORM, b"a&b&c"), request(FORM, b"", "/?a&b&c")):
            with pytest.raises(HTTPInputError, match="3 fields, 2 are allowed"):
                made.arguments  # noqa: B018 -- see above
        set_parse_body_config(ParseBodyConfig())
        assert request(FORM, b"a&b&c").arguments == {"a": [b""], "b": [b""], "c": [b""]}

    def test_disabled_for_requests(self) -> None:
        """A process may refuse multipart forms altogether."""
        set_parse_body_config(ParseBodyConfig(multipart=ParseMultipartConfig(enabled=False)))
        headers = HTTPHeaders({"Content-Type": MULTIPART})
        with pytest.raises(HTTPInputError, match="disabled by set_parse_body_config"):
            HTTPServerRequest("POST", "/", headers=headers, body=BODY).body_arguments  # noqa: B018
