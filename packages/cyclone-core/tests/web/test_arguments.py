"""Reading arguments of the query string, of forms and of the path."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.web import Application, HTTPError, MissingArgumentError, RequestHandler

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported

FORM = {"Content_Type": "application/x-www-form-urlencoded"}


def handler_for(query: str = "", form: bytes = b"") -> RequestHandler:
    """A handler of a request with these arguments."""
    request = HTTPServerRequest("POST", "/?" + query, body=form)
    request.headers["Content-Type"] = FORM["Content_Type"]
    return RequestHandler(Application(), request)


def test_last_value_wins() -> None:
    """`get_argument` gives the last value, those of the form behind those of the query."""
    handler = handler_for("a=1&a=2&b=3&c=4", b"a=5&c=")
    assert handler.get_argument("a") == "5"
    assert handler.get_query_argument("a") == "2"
    assert handler.get_body_argument("a") == "5"
    assert handler.get_argument("b") == "3"
    assert handler.get_argument("c") == ""


def test_all_values() -> None:
    """`get_arguments` gives all values in their order, an empty list for none."""
    handler = handler_for("a=1&a=2", b"a=3")
    assert handler.get_arguments("a") == ["1", "2", "3"]
    assert handler.get_query_arguments("a") == ["1", "2"]
    assert handler.get_body_arguments("a") == ["3"]
    assert handler.get_arguments("b") == []


@pytest.mark.parametrize("name", ["get_argument", "get_query_argument", "get_body_argument"])
def test_missing(name: str) -> None:
    """A missing argument is an error that names it, or the default, even None."""
    get = getattr(handler_for(), name)
    with pytest.raises(MissingArgumentError) as raised:
        get("name")
    assert raised.value.arg_name == "name"
    assert raised.value.log_message == "Missing argument name"
    assert get("name", "x") == "x"
    assert get("name", None) is None
    assert get("name", default=[]) == []


def test_strip() -> None:
    """White space at both ends goes, unless it is wanted; the default is not touched."""
    handler = handler_for("a=%20%09x%0A", b"b=+y+")
    assert handler.get_argument("a") == "x"
    assert handler.get_argument("a", strip=False) == " \tx\n"
    assert handler.get_arguments("b") == ["y"]
    assert handler.get_body_arguments("b", strip=False) == [" y "]
    assert handler.get_query_argument("c", " z ") == " z "


def test_bytes_of_decode_argument() -> None:
    """An override of `decode_argument` may leave bytes as they are, as it may in Tornado."""

    class Handler(RequestHandler):
        def decode_argument(self, value: Any, name: str | None = None) -> str:  # noqa: ANN401, ARG002
            return cast("str", value)

    request = HTTPServerRequest("GET", "/?a=+%FF%00+")
    handler = Handler(Application(), request)
    values: list[Any] = handler.get_arguments("a")
    assert values == [b"\xff\x00"]
    values = handler.get_arguments("a", strip=False)
    assert values == [b" \xff\x00 "]


def test_control_characters() -> None:
    """Control characters that no text has become blanks; tab and line ends stay."""
    handler = handler_for("a=x%00%08%0B%0Ey%1F%09%0D%0Az")
    assert handler.get_argument("a") == "x  \x0b y \t\r\nz"


def test_plus_is_a_blank() -> None:
    """In a query string and in a form `+` is a blank."""
    assert handler_for("a=x+y%2B").get_argument("a") == "x y+"


@pytest.mark.parametrize("value", ["%ff", "%C3", "%ED%A0%80", "ok%FFok"])
def test_bad_utf_8(serve: Serve, log: Log, value: str) -> None:
    """What is no UTF-8 is the client's mistake, in query, form and path: 400, never 500."""

    class Handler(RequestHandler):
        def get(self, *_: str) -> None:
            self.get_argument("a")

        post = get

    server = serve([(r"/path/(.*)", Handler), (r"/named/(?P<a>.*)", Handler), (r"/", Handler)])
    assert server.ask(f"/?a={value}").status == 400
    form = f"a={value}".encode()
    assert server.ask(method="POST", body=form, **FORM).status == 400
    assert server.ask(f"/path/{value}").status == 400
    assert server.ask(f"/named/{value}").status == 400
    lines = log.take("cyclone.web")
    assert len(lines) == 4
    assert "Invalid unicode in a" in lines[0]
    assert "Invalid unicode in the path" in lines[2]


def test_other_encoding(serve: Serve) -> None:
    """An override of `decode_argument` decides for arguments and path, and knows the name."""
    names: list[str | None] = []

    class Handler(RequestHandler):
        def decode_argument(self, value: bytes, name: str | None = None) -> str:
            names.append(name)
            return value.decode("latin-1")

        def get(self, **groups: str) -> None:
            self.write(self.get_argument("q") + groups["word"])

    assert serve([(r"/(?P<word>.*)", Handler)]).ask("/%e4?q=%f6").text == "öä"
    assert names == ["word", "q"]


@pytest.mark.parametrize("where", ["query", "form"])
def test_too_many(serve: Serve, where: str) -> None:
    """More arguments than `max_arguments` are a 400; as many are fine."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.write(str(len(self.get_arguments("a"))))

        post = get

    server = serve(Handler, max_arguments=5)

    def ask(number: int) -> Any:  # noqa: ANN401 -- an `Answer` of conftest.py
        fields = "&".join(["a=1"] * number)
        if where == "query":
            return server.ask("/?" + fields)
        return server.ask(method="POST", body=fields.encode(), **FORM)

    assert ask(5).text == "5"
    assert ask(6).status == 400


def test_form_of_another_type(serve: Serve) -> None:
    """Only a form has arguments in its body."""

    class Handler(RequestHandler):
        def post(self) -> None:
            self.write({"body": self.request.body.decode(), "a": self.get_arguments("a")})

    server = serve(Handler)
    assert server.ask(method="POST", body=b"a=1", Content_Type="text/plain").text == (
        '{"body": "a=1", "a": []}'
    )


@given(st.dictionaries(st.text("abc", min_size=1), st.lists(st.text(), min_size=1), max_size=5))
def test_round_trip(arguments: dict[str, list[str]]) -> None:
    """Whatever text is sent comes back, but for control characters."""
    from urllib.parse import urlencode

    handler = handler_for(urlencode(arguments, doseq=True, errors="surrogatepass"))
    for name, values in arguments.items():
        if any("\ud800" <= character <= "\udfff" for text in values for character in text):
            with pytest.raises(HTTPError):
                handler.get_arguments(name)
            continue
        control = {*map(chr, range(9)), *map(chr, range(14, 32))}
        wanted = ["".join(" " if c in control else c for c in text) for text in values]
        assert handler.get_arguments(name, strip=False) == wanted
