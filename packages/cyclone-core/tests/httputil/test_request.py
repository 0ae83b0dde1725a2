"""The request that a handler sees."""

import datetime as dt
import itertools
import time
from types import SimpleNamespace

import pytest
from twisted.internet.defer import Deferred

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil import HTTPFile, HTTPHeaders, HTTPServerRequest, RequestStartLine
from cyclone_core.httputil.forms import Form
from cyclone_core.httputil.stores import MemoryStore
from cyclone_core.limits import Limits

FORM = "application/x-www-form-urlencoded"


def form(body: bytes, content_type: str = FORM, uri: str = "/") -> HTTPServerRequest:
    """Make a POST."""
    headers = HTTPHeaders({"Content-Type": content_type})
    return HTTPServerRequest("POST", uri, "HTTP/1.1", headers, body)


def test_defaults() -> None:
    """Method and target make a request; the rest has the defaults of Tornado."""
    request = HTTPServerRequest("GET", "/a/b?c=d?e")
    assert (request.method, request.uri) == ("GET", "/a/b?c=d?e")
    assert (request.path, request.query) == ("/a/b", "c=d?e")
    assert request.version == "HTTP/1.0"
    assert request.headers == HTTPHeaders()
    assert isinstance(request.headers, HTTPHeaders)
    assert (request.body, request.files) == (b"", {})
    assert (request.protocol, request.host) == ("http", "127.0.0.1")
    assert (request.remote_ip, request.connection) == (None, None)


def test_a_start_line_stands_for_three_arguments() -> None:
    """Tornado 6.6 wants method, target and version in one."""
    request = HTTPServerRequest(start_line=RequestStartLine("PUT", "/a?b=c", "HTTP/1.1"))
    assert (request.method, request.uri, request.version) == ("PUT", "/a?b=c", "HTTP/1.1")
    assert (request.path, request.query) == ("/a", "b=c")
    assert request.server_connection is None


@pytest.mark.parametrize("given", [{}, {"method": "GET"}, {"uri": "/"}])
def test_a_request_without_a_target(given: dict[str, str]) -> None:
    """Method and target are needed, in one form or the other."""
    with pytest.raises(TypeError, match="a request has a method and a uri, or a start_line"):
        HTTPServerRequest(**given)  # type: ignore[arg-type]


def test_requests_share_nothing() -> None:
    """The default headers, files and arguments of each request are its own."""
    first, second = (HTTPServerRequest("GET", "/") for _ in range(2))
    first.headers["A"] = "b"
    first.files["a"] = []
    first.arguments["a"] = [b"b"]
    assert (second.headers, second.files, second.arguments) == (HTTPHeaders(), {}, {})


def test_the_query_string_is_parsed() -> None:
    """Arguments of the query are there for each method, blank values included."""
    request = HTTPServerRequest("DELETE", "/?a=1&b=&a=%C3%A9&c")
    expected = {"a": [b"1", b"\xc3\xa9"], "b": [b""], "c": [b""]}
    assert request.query_arguments == request.arguments == expected
    assert request.body_arguments == {}


@pytest.mark.parametrize(
    "content_type", [FORM, FORM.upper(), f"{FORM}; charset=utf-8", f"{FORM} ;x"]
)
def test_a_form_is_parsed(content_type: str) -> None:
    """Parameters and case of the content type do not matter; blank values are kept."""
    request = form(b"a=1&b=", content_type)
    assert request.body_arguments == {"a": [b"1"], "b": [b""]}


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", f"{FORM}2", "application/json", "x;" + FORM]
)
def test_other_bodies_are_no_form(content_type: str) -> None:
    """Only the content type of a form makes one."""
    assert form(b"a=1", content_type).body_arguments == {}
    assert HTTPServerRequest("POST", "/", body=b"a=1").arguments == {}


def test_arguments_are_those_of_query_and_form() -> None:
    """The query's come first; the two parts are still told apart."""
    request = form(b"a=2&b=3", uri="/?a=1&c=4")
    assert request.arguments == {"a": [b"1", b"2"], "b": [b"3"], "c": [b"4"]}
    assert request.query_arguments == {"a": [b"1"], "c": [b"4"]}
    assert request.body_arguments == {"a": [b"2"], "b": [b"3"]}
    request.arguments["a"].append(b"5")
    assert request.query_arguments == {"a": [b"1"], "c": [b"4"]}


def test_arguments_are_parsed_once() -> None:
    """What a handler changes in them stays changed."""
    request = form(b"b=2", uri="/?a=1")
    for name in ("query_arguments", "body_arguments", "arguments"):
        assert getattr(request, name) is getattr(request, name)


@pytest.mark.parametrize("where", ["query", "form"])
def test_the_number_of_arguments_is_bounded(where: str) -> None:
    """At `max_arguments` they are parsed; one more is 400 each time that they are asked for."""
    for count, limits in [(3, Limits(max_arguments=3)), (1000, None)]:
        for surplus in (0, 1):
            encoded = "&".join(["a=b"] * (count + surplus))
            headers = HTTPHeaders({"Content-Type": FORM})
            request = HTTPServerRequest(
                "POST",
                f"/?{encoded}" if where == "query" else "/",
                headers=headers,
                body=encoded.encode() if where == "form" else None,
                limits=limits,
            )
            if not surplus:
                assert request.arguments == {"a": [b"b"] * count}
                continue
            for _ in range(2):
                with pytest.raises(HTTPInputError, match="too many arguments") as caught:
                    request.arguments  # noqa: B018 -- a property that raises
                assert caught.value.http_status == 400


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("a", "a"),
        ("Example.ORG:8080", "example.org"),
        ("a:", "a"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("[FE80::1]:80", "[fe80::1]"),
    ],
)
def test_host_name_is_without_port(host: str, name: str) -> None:
    """Routing by host compares lower-case names; the brackets of IPv6 stay."""
    assert HTTPServerRequest("GET", "/", host=host).host_name == name


def test_the_host_is_what_was_asked_for() -> None:
    """The server's word wins over the header, the header over the default."""
    headers = HTTPHeaders({"host": "b"})
    assert HTTPServerRequest("GET", "/", headers=headers).host == "b"
    assert HTTPServerRequest("GET", "/", headers=headers, host="c").host == "c"
    assert HTTPServerRequest("GET", "/", headers=HTTPHeaders({"Host": ""})).host == "127.0.0.1"


def test_full_url() -> None:
    """Protocol, host and target make the URL; `*` stands for no path (RFC 9112 section 3.3)."""
    request = HTTPServerRequest("GET", "/x?y=z", protocol="https", host="a:1")
    assert request.full_url() == "https://a:1/x?y=z"
    assert HTTPServerRequest("OPTIONS", "*", host="a").full_url() == "http://a"


def test_versions() -> None:
    """Only HTTP/1.1 supports HTTP/1.1."""
    assert HTTPServerRequest("GET", "/", "HTTP/1.1").supports_http_1_1()
    assert not HTTPServerRequest("GET", "/", "HTTP/1.0").supports_http_1_1()


def test_repr_holds_no_secret() -> None:
    """What identifies the request is shown, headers and body are not."""
    request = HTTPServerRequest(
        "POST",
        "/x",
        "HTTP/1.1",
        HTTPHeaders({"Cookie": "secret", "Authorization": "secret"}),
        b"secret",
        remote_ip="127.0.0.2",
        host="a",
    )
    assert repr(request) == (
        "HTTPServerRequest(protocol='http', host='a', method='POST', uri='/x',"
        " version='HTTP/1.1', remote_ip='127.0.0.2')"
    )


def test_request_time_stops_with_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It grows until the answer is complete, and is the same ever after."""
    ticks = itertools.count(100.0)
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
    request = HTTPServerRequest("GET", "/")
    assert [request.request_time(), request.request_time()] == [1.0, 2.0]
    request.mark_finished()
    assert [request.request_time(), request.request_time()] == [3.0, 3.0]


class Connection:
    """An exchange, as far as a request knows it."""

    def __init__(self) -> None:
        self.end: Deferred[str | None] = Deferred()

    def notifyFinish(self) -> "Deferred[str | None]":
        return self.end


def test_notify_finish_is_that_of_the_exchange() -> None:
    """The request hands out what its exchange knows about the end of the answer."""
    connection = Connection()
    request = HTTPServerRequest("GET", "/", connection=connection)  # type: ignore[arg-type]
    assert request.notifyFinish() is connection.end


def test_a_request_made_by_hand_has_no_end() -> None:
    """Asking for one says why there is none."""
    with pytest.raises(RuntimeError, match="no connection"):
        HTTPServerRequest("GET", "/").notifyFinish()


MULTIPART = "multipart/form-data; boundary=B"
PARTS = (
    b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    b'--B\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n2\r\n--B--\r\n'
)


class TestBody:
    """The body, in memory or elsewhere."""

    def test_without(self) -> None:
        """A request without a body has an empty one."""
        request = HTTPServerRequest("GET", "/")
        assert (request.body, request.body_file.read()) == (b"", b"")
        assert (request.arguments, request.files) == ({}, {})

    def test_in_memory(self) -> None:
        """The body is an attribute like any other, and can be read as a file."""
        request = HTTPServerRequest("POST", "/", body=b"0123")
        assert request.body_file is request.body_file
        assert (request.body_file.read(2), request.body_file.read()) == (b"01", b"23")
        request.body = b"4"
        assert request.body == b"4"

    def test_stored(self) -> None:
        """A body that is elsewhere is read as a whole once, when it is asked for."""

        class Store(MemoryStore):
            reads = 0

            def read_range(self, start: int, size: int) -> bytes:
                self.reads += 1
                return super().read_range(start, size)

        store = Store(b"x" * 100_000)
        request = HTTPServerRequest("POST", "/", headers=HTTPHeaders({"Content-Type": "text/x"}))
        request.receive_stored(store)
        assert (request.arguments, request.files) == ({}, {})
        assert request.body_file.read(10) == b"x" * 10
        assert store.reads == 1
        assert request.body is request.body
        assert len(request.body) == 100_000
        assert store.reads == 2
        request.body = b"y"
        assert request.body == b"y"

    def test_stored_form(self) -> None:
        """An urlencoded body is parsed wherever it is."""
        request = HTTPServerRequest("POST", "/", headers=HTTPHeaders({"Content-Type": FORM}))
        request.receive_stored(MemoryStore(b"a=1&b"))
        assert request.arguments == {"a": [b"1"], "b": [b""]}


class TestForms:
    """Fields and files of a body."""

    def test_multipart(self) -> None:
        """A request that was made by hand parses its form when asked."""
        request = form(PARTS, MULTIPART, "/?a=0")
        assert request.files == {"f": [HTTPFile("x", b"2")]}
        assert request.files is request.files
        assert request.body_arguments == {"a": [b"1"]}
        assert request.body_arguments is request.body_arguments
        assert request.arguments == {"a": [b"0", b"1"]}

    def test_form_of_the_server(self) -> None:
        """What was parsed while the body arrived is not parsed again."""
        request = form(b"", MULTIPART)
        request.receive_form(Form({"a": [b"1"]}, {"f": [HTTPFile("x", b"")]}))
        assert request.arguments == request.body_arguments == {"a": [b"1"]}
        assert request.files == {"f": [HTTPFile("x", b"")]}

    def test_given_files(self) -> None:
        """Files may be given, and set."""
        files = {"f": [HTTPFile("x", b"")]}
        request = HTTPServerRequest("POST", "/", files=files)
        assert request.files is files
        request.files = {}
        assert request.files == {}

    @pytest.mark.parametrize("name", ["arguments", "body_arguments", "files"])
    def test_malformed(self, name: str) -> None:
        """A malformed form is an error each time; the body can still be read."""
        request = form(PARTS[:-4], MULTIPART)
        for _ in range(2):
            with pytest.raises(HTTPInputError, match="final boundary"):
                getattr(request, name)
        assert request.body == PARTS[:-4]

    @pytest.mark.parametrize("content_type", [FORM, MULTIPART])
    def test_encoded(self, content_type: str) -> None:
        """A form that is still compressed is an error; other bodies may be."""
        request = form(PARTS, content_type)
        request.headers["Content-Encoding"] = "gzip"
        with pytest.raises(HTTPInputError, match="Content-Encoding 'gzip'"):
            request.arguments  # noqa: B018 -- a property that raises
        request.headers["Content-Type"] = "text/plain"
        assert request.arguments == {}

    def test_limits(self) -> None:
        """The limits of the connection hold for a form, those of its fields among them."""
        headers = HTTPHeaders({"Content-Type": MULTIPART})
        for size, status in ((1, None), (2, 413)):
            body = PARTS.replace(b"1", b"1" * size)
            limits = Limits(body_memory_limit=1)
            request = HTTPServerRequest("POST", "/", headers=headers, body=body, limits=limits)
            assert request.limits is limits
            try:
                assert (request.arguments["a"], status) == ([b"1"], None)
            except HTTPInputError as error:
                assert error.status == status  # noqa: PT017 -- for one size of two
        assert HTTPServerRequest("GET", "/").limits == Limits()

    @pytest.mark.parametrize("size", [8, 9])
    def test_size_of_urlencoded(self, size: int) -> None:
        """An urlencoded form of `body_memory_limit` is parsed; a larger one is 413, other bodies not."""
        headers = HTTPHeaders({"Content-Type": FORM})
        body, limits = b"a=".ljust(size, b"x"), Limits(body_memory_limit=8)
        request = HTTPServerRequest("POST", "/", headers=headers, body=body, limits=limits)
        if size > limits.body_memory_limit:
            with pytest.raises(HTTPInputError, match="urlencoded form has 9 bytes") as caught:
                request.arguments  # noqa: B018 -- a property that raises
            assert caught.value.status == 413
            assert request.body == body
            headers["Content-Type"] = "text/plain"
            assert request.arguments == {}
        else:
            assert request.arguments == {"a": [body[2:]]}

    def test_body_set_by_hand(self) -> None:
        """A form is parsed from the body that was set last."""
        request = HTTPServerRequest("POST", "/", headers=HTTPHeaders({"Content-Type": FORM}))
        request.receive_stored(MemoryStore(b"a=1"))
        request.body = b"a=2"
        assert request.arguments == {"a": [b"2"]}

    @pytest.mark.parametrize("name", ["arguments", "body_arguments", "files"])
    def test_body_error(self, name: str) -> None:
        """What is wrong with the body is raised anew: no traceback binds the request to itself."""
        request = form(b"a=1", uri="/?b=2")
        error = request.body_error = HTTPInputError("malformed", 413)
        error.http_headers = {"A": "b"}
        for _ in range(2):
            with pytest.raises(HTTPInputError, match="malformed") as caught:
                getattr(request, name)
            assert (caught.value.status, caught.value.http_headers) == (413, {"A": "b"})
        assert error.__traceback__ is None
        assert request.query_arguments == {"b": [b"2"]}
        assert request.body == b"a=1"


class TestCertificate:
    """The certificate of the client."""

    def test_without(self) -> None:
        """A request that came from no server, or not by TLS, has none."""
        assert HTTPServerRequest("GET", "/").get_ssl_certificate() is None
        peer = SimpleNamespace(certificate=None)
        request = HTTPServerRequest("GET", "/", connection=SimpleNamespace(peer=peer))  # type: ignore[arg-type]
        assert request.get_ssl_certificate() is None
        assert request.get_ssl_certificate(binary_form=True) is None

    def test_certificate(self) -> None:
        """It is that of the connection, as an object or in DER."""
        crypto = pytest.importorskip("OpenSSL.crypto")
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        key = Ed25519PrivateKey.generate()
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "client")])
        now = dt.datetime.now(dt.UTC)
        builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now)
        certificate = crypto.X509.from_cryptography(builder.sign(key, None))
        peer = SimpleNamespace(certificate=certificate)
        request = HTTPServerRequest("GET", "/", connection=SimpleNamespace(peer=peer))  # type: ignore[arg-type]
        assert request.get_ssl_certificate() is certificate
        binary = request.get_ssl_certificate(binary_form=True)
        assert x509.load_der_x509_certificate(binary) == certificate.to_cryptography()
