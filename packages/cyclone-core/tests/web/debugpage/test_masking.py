"""What of a request is shown, and what is not."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.web import Application, RequestHandler
from cyclone_core.web.debugpage.masking import Masking, is_secret

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported

HTML = "text/html"
SECRET = "correct horse/é"  # noqa: S105 -- of nobody
QUOTED = "correct%20horse%2f%C3%a9"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "password",
            "new_password",
            "user[password]",
            "PASSWD",
            "userPassword",
            "pwd",
            "passphrase",
        ),
        *("token", "access_token", "csrfToken", "X-Xsrftoken", "_xsrf", "Authorization", "code"),
        *(
            "X-Api-Key",
            "apikey",
            "Cookie",
            "sessionid",
            "PHPSESSID",
            "client_secret",
            "cookie_secret",
        ),
        *("Proxy-Authorization", "X-Amz-Signature", "card.cvv", "privateKey", "Credentials"),
    ],
)
def test_secret(name: str) -> None:
    """Names that say what nobody else may know."""
    assert is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "name",
        "author",
        "country_code",
        "keyboard",
        "page",
        "Accept",
        "User-Agent",
        "compass",
        "title",
        "",
    ],
)
def test_no_secret(name: str) -> None:
    """Names that only look like it."""
    assert not is_secret(name)


class Echo(RequestHandler):
    """Raises an exception with all that it was told."""

    def post(self, name: str | None = None, token: str | None = None) -> None:
        told = f"{self.request.arguments} {self.request.headers.get_list('Authorization')}"
        told += f" {self.get_cookie('theme')} {self.settings.get('cookie_secret')} {name} {token}"
        raise RuntimeError(told)

    get = post


@pytest.fixture
def ask(serve: Serve, log: Log) -> Callable[..., str]:
    """A function that asks that handler, and returns the page; every secret must be masked."""

    def get(path: str = "/", method: str = "GET", **more: Any) -> str:  # noqa: ANN401
        settings = more.pop("settings", {})
        routes = [("/named/(?P<name>.*)/(?P<token>.*)", Echo), ("/(.*)", Echo)]
        server = serve(routes, debug=True, serve_traceback=["test"], **settings)
        texts = [
            server.ask(path, method, **more, Accept=accept).text for accept in (HTML, "text/plain")
        ]
        log.failures()
        for text in texts:
            assert SECRET not in text
            assert QUOTED not in text
        found: str = texts[0]
        return found

    return get


def row(name: str, value: str) -> str:
    """How a row of a table is written."""
    return f"<dt>{name}</dt><dd>{value}</dd>"


def test_arguments(ask: Callable[..., str]) -> None:
    """Arguments named like secrets are masked in the tables, in the URL and in the exception."""
    text = ask(
        f"/?a=1&token={QUOTED}&b=%C3%A9",
        "POST",
        body=f"user[password]={QUOTED}&c=2".encode(),
        Content_Type="application/x-www-form-urlencoded",
    )
    assert row("a", "1") + "</div>" in text
    assert row("b", "é") in text
    assert row("c", "2") in text
    assert row("token", "***") in text
    assert row("user[password]", "***") in text
    assert "/?a=1&amp;token=***&amp;b=%C3%A9" in text
    assert row("Body", "43 bytes") in text


def test_headers(ask: Callable[..., str]) -> None:
    """Headers named like secrets are masked, what is in them wherever else it stands."""
    basic = b64encode(f"user:{SECRET}".encode()).decode()
    text = ask(
        f"/{QUOTED}",
        Authorization=f"Basic {basic}",
        X_Api_Key="0123456789",
        User_Agent="me & you",
        Referer=f"http://user:{QUOTED}@host/?token={QUOTED}&a=1#access_token={QUOTED}",
    )
    assert row("Authorization", "***") in text
    assert basic not in text
    assert row("X-Api-Key", "***") in text
    assert row("User-Agent", "me &amp; you") in text
    assert row("Referer", "http://***@host/?token=***&amp;a=1#access_token=***") in text
    bad = ask(Authorization="Basic not base64 at all", Proxy_Authorization="Bearer")
    assert "not base64" not in bad


def test_cookies(ask: Callable[..., str]) -> None:
    """Of cookies only the names are shown."""
    text = ask(Cookie=f"theme={SECRET}; x=1")
    assert row("Cookie", "***") in text
    assert row("theme", "***") in text
    assert row("x", "***") in text


def test_settings(ask: Callable[..., str]) -> None:
    """Secrets of the settings are masked wherever they turn up, those in dictionaries, too."""
    for secret in (SECRET * 2, {1: SECRET * 2}, (SECRET * 2).encode()):
        ask(settings={"cookie_secret": secret})
    deep = {"google_oauth": {"key": "k" * 8, "secret": SECRET}, "endless": {}}
    deep["endless"]["again"] = deep["endless"]
    text = ask(f"/{QUOTED}{'k' * 8}", settings=deep)
    assert "k" * 8 not in text


def test_path(ask: Callable[..., str]) -> None:
    """Named groups of the path are masked by their names; one that did not match is None."""
    text = ask(f"/named/ann/{QUOTED}")
    assert row("name", "ann") in text
    assert row("token", "***") in text
    assert row("0", "plain") in ask("/plain")


def test_files(ask: Callable[..., str]) -> None:
    """Of uploaded files name, type and size are shown."""
    body = (
        b'--x\r\nContent-Disposition: form-data; name="photo"; filename="<a>.png"\r\n'
        b"Content-Type: image/png\r\n\r\n12345\r\n--x--\r\n"
    )
    text = ask(method="POST", body=body, Content_Type="multipart/form-data; boundary=x")
    assert row("photo", "&lt;a&gt;.png, image/png, 5 bytes") in text


def masking(uri: str = "/", **headers: str) -> tuple[Masking, RequestHandler]:
    """A masking for a request that was made by hand."""
    request = HTTPServerRequest("GET", uri, headers=HTTPHeaders(headers))
    handler = RequestHandler(Application(), request)
    return Masking(handler), handler


def test_malformed(serve: Serve, log: Log) -> None:
    """Arguments that cannot be read are none, and the page is there."""

    class Broken(RequestHandler):
        def post(self) -> None:
            raise RuntimeError("here")

        def write_error(self, _: int, **kwargs: Any) -> Any:  # noqa: ANN401
            # As if the form had been refused while the method ran.
            return super().write_error(500, **kwargs)

    server = serve(Broken, debug=True, serve_traceback=["test"])
    text = server.ask(
        method="POST",
        body=b"--x\r\nbroken",
        Content_Type="multipart/form-data; boundary=x",
        Accept=HTML,
    ).text
    assert "HTTPInputError" in text
    assert "Body arguments" not in text
    log.failures()
    log.take()


def test_short_values_are_words() -> None:
    """A value of a few letters is left alone: it may be part of every other word."""
    mask, _ = masking("/?password=the&token=hunter2")
    assert mask.shown("the password of hunter2 is there") == "the password of *** is there"


def test_invisible() -> None:
    """What cannot be seen, or turns the line around, is escaped; long text is cut."""
    mask, _ = masking()
    assert mask.shown("a\x00b\x1bc\u202ed\ud800\tef\n") == "a\\x00b\\x1bc\\u202ed\\ud800\tef\n"
    assert mask.shown("x" * 20, 10) == "x" * 10 + "…"


@given(
    st.text(min_size=6, max_size=30).filter(str.strip), st.text(max_size=200), st.integers(0, 200)
)
def test_never_shown(secret: str, text: str, place: int) -> None:
    """Wherever it stands, the value of a secret is not shown."""
    _, handler = masking()
    handler.application.settings["api_key"] = secret
    mask = Masking(handler)
    clean = mask.shown(text, 1000)
    shown = mask.shown(text[:place] + secret + text[place:], 1000)
    if secret not in f"{clean}***{clean}":
        assert secret not in shown.replace("***", "\0")
