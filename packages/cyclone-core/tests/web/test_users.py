"""The user who asks, required settings, and the locale of an answer."""

from collections.abc import Awaitable, Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.python.failure import Failure

import cyclone_locale
from cyclone_core.errors import CycloneError
from cyclone_core.web import RequestHandler
from cyclone_core.web.users import MissingSettingError, UnresolvedUserError, is_asynchronous
from cyclone_locale import Locale, Registry, default_registry

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported


@pytest.fixture
def catalogues(tmp_path: Path) -> Iterator[Path]:
    """A directory with catalogues for Spanish and Polish, loaded while the test runs."""
    for code, hello in (("es_ES", "hola"), ("pl", "witaj")):
        (tmp_path / f"{code}.csv").write_text(f'"hello","{hello}"\n', encoding="utf-8")
    cyclone_locale.load_translations(tmp_path)
    yield tmp_path
    vars(default_registry).update(vars(Registry()))


# The user.


def test_nobody(serve: Serve) -> None:
    """Without `get_current_user` nobody is signed in."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.write(repr(self.current_user))

    assert serve(Handler).ask().text == "None"


@pytest.mark.parametrize("user", ["Ada", None, ""])
def test_current_user_is_looked_up_once(serve: Serve, user: object) -> None:
    """`get_current_user` is called when somebody asks, and once, also where nobody is signed in."""
    calls = []

    class Handler(RequestHandler):
        def get_current_user(self) -> object:
            calls.append(self.request.path)
            return user

        def get(self) -> None:
            if self.request.path == "/ask":
                self.write(f"{self.current_user!r} {self.current_user!r} {self._current_user!r}")

    server = serve(Handler)
    server.ask("/do-not-ask")
    assert server.ask("/ask").text == f"{user!r} {user!r} {user!r}"
    assert calls == ["/ask"]


def test_current_user_may_be_set(serve: Serve) -> None:
    """What is set wins over `get_current_user`, which is not called."""

    class Handler(RequestHandler):
        def prepare(self) -> None:
            self.current_user = "Ada"

        def get_current_user(self) -> object:
            raise NotImplementedError

        def get(self) -> None:
            self.write(self.current_user)

    assert serve(Handler).ask().text == "Ada"


def test_underscore_current_user_may_be_set(serve: Serve) -> None:
    """Programs for cyclone 1.x set `_current_user`, as there was no setter; they may delete it, too."""

    class Handler(RequestHandler):
        def get_current_user(self) -> str:
            return "from the cookie"

        def get(self) -> None:
            self._current_user = "Ada"
            self.write(self.current_user + ", ")
            del self._current_user
            self.write(self.current_user)

    assert serve(Handler).ask().text == "Ada, from the cookie"


def test_error_of_get_current_user(serve: Serve, log: Log) -> None:
    """What `get_current_user` raises becomes the error page."""

    class Handler(RequestHandler):
        def get_current_user(self) -> object:
            raise AttributeError("no database")

        def get(self) -> None:
            self.write(self.current_user)

    assert serve(Handler).ask().status == 500
    assert [str(error) for error in log.failures()] == ["no database"]


class Waiting(RequestHandler):
    """Finds users later; what they wait for is in `deferreds`."""

    deferreds: list[Deferred[str]]

    def initialize(self) -> None:
        type(self).deferreds = []

    async def find(self) -> str:
        self.deferreds.append(Deferred())
        return await self.deferreds[-1]

    def get_current_user(self) -> object:
        return self.find()

    def get(self) -> object:
        waiting = self._resolve_user()
        if waiting is not None:
            return waiting.addCallback(lambda _: self.write(self.current_user))
        self.write(f"{self.current_user} at once")
        return None


class WaitingForDeferred(Waiting):
    @inlineCallbacks
    def get_current_user(self) -> Generator[Deferred[str], str, str]:
        self.deferreds.append(Deferred())
        return (yield self.deferreds[-1])


class WaitingForGenerator(Waiting):
    def get_current_user(self) -> Generator[Deferred[str], str, str]:
        self.deferreds.append(Deferred())
        return (yield self.deferreds[-1])


@pytest.mark.parametrize("handler", [Waiting, WaitingForDeferred, WaitingForGenerator])
def test_asynchronous_user(serve: Serve, handler: type[Waiting]) -> None:
    """A user who is known later is waited for, whatever kind of function finds out."""
    connection = serve(handler).connect()
    connection.request()
    assert connection.sent == b""
    (deferred,) = handler.deferreds
    deferred.callback("Ada")
    (answer,) = connection.read("GET")
    assert answer.text == "Ada"


def test_failure_of_asynchronous_user(serve: Serve, log: Log) -> None:
    """An asynchronous `get_current_user` that fails becomes the error page."""
    connection = serve(Waiting).connect()
    connection.request()
    Waiting.deferreds[0].errback(Failure(ValueError("no database")))
    (answer,) = connection.read("GET")
    assert answer.status == 500
    assert [str(error) for error in log.failures()] == ["no database"]


def test_asynchronous_user_who_is_known(serve: Serve) -> None:
    """Nothing waits where an asynchronous `get_current_user` has the answer, or the user was set."""

    class Known(Waiting):
        async def find(self) -> str:
            return "Ada"

    class Plain(Waiting):
        def get_current_user(self) -> object:
            return "Alan"

    class WasSet(Waiting):
        def prepare(self) -> None:
            self.current_user = "Grace"

    assert serve(Known).ask().text == "Ada at once"
    assert serve(Plain).ask().text == "Alan at once"
    assert serve(WasSet).ask().text == "Grace at once"


def test_user_is_resolved_before_the_request_has_a_context(serve: Serve) -> None:
    """`initialize` may resolve the user: no context has been given to the handler then."""

    class Handler(RequestHandler):
        def initialize(self) -> None:
            assert self._resolve_user() is None

        async def get_current_user(self) -> str:
            return "Ada"

        def get(self) -> None:
            self.write(self.current_user)

    assert serve(Handler).ask().text == "Ada"


@pytest.mark.parametrize("handler", [Waiting, WaitingForDeferred])
def test_asynchronous_user_is_not_taken_for_signed_in(
    serve: Serve, log: Log, handler: type[Waiting]
) -> None:
    """Reading `current_user` before it is known is an error: a coroutine is true, as a user is."""

    class Handler(handler):  # type: ignore[valid-type, misc] # a class that is a parameter
        def get(self) -> None:
            self.write("secret" if self.current_user else "public")

    assert serve(Handler).ask().status == 500
    (error,) = log.failures()
    assert isinstance(error, UnresolvedUserError)
    assert isinstance(error, CycloneError)
    assert "Handler.get_current_user() is asynchronous" in str(error)
    assert "@authenticated" in str(error)


def test_deferred_user_is_sought_once(serve: Serve) -> None:
    """A Deferred that was refused as a user is still the one that is waited for."""

    class Handler(WaitingForDeferred):
        def get(self) -> object:
            with pytest.raises(UnresolvedUserError):
                self.current_user  # noqa: B018 -- reading it is what fails
            return super().get()

    connection = serve(Handler).connect()
    connection.request()
    (deferred,) = Handler.deferreds
    deferred.callback("Ada")
    assert connection.read("GET")[0].text == "Ada"


async def _coroutine() -> str:
    return "Ada"


@pytest.mark.parametrize("make", [_coroutine, lambda: succeed("Ada")])
def test_setting_what_must_be_awaited(
    serve: Serve, log: Log, make: Callable[[], Awaitable[str]]
) -> None:
    """A user whom somebody forgot to await is refused when it is set."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.current_user = make()

    assert serve(Handler).ask().status == 500
    (error,) = log.failures()
    assert isinstance(error, TypeError)
    assert "write `await`" in str(error)


@pytest.mark.parametrize(("value", "found"), [(None, False), ("Ada", False), (succeed(1), True)])
def test_is_asynchronous(value: object, found: bool) -> None:
    """What must be awaited is told from what is there."""
    assert is_asynchronous(value) is found


# Settings.


class Requiring(RequestHandler):
    """Requires what the path names."""

    def get(self) -> None:
        if self.request.path == "/login":
            self.write(self.get_login_url())
        elif self.request.path == "/bare":
            self.require_setting("color")
        else:
            self.require_setting("color", "the palette")
            self.write(self.settings.color)


def test_required_setting(serve: Serve) -> None:
    """A setting that is there satisfies, and `get_login_url` returns its own."""
    server = serve(Requiring, color="blue", login_url="/sign-in")
    assert server.ask("/").text == "blue"
    assert server.ask("/login").text == "/sign-in"


@pytest.mark.parametrize("settings", [{}, {"color": "", "login_url": None}])
@pytest.mark.parametrize(
    ("path", "name", "feature"),
    [
        ("/", "color", "the palette"),
        ("/bare", "color", "this feature"),
        ("/login", "login_url", "@authenticated"),
    ],
)
def test_missing_setting(
    serve: Serve, log: Log, settings: dict[str, object], path: str, name: str, feature: str
) -> None:
    """A setting that is missing or empty is an error that says what to write."""
    assert serve(Requiring, **settings).ask(path).status == 500
    (error,) = log.failures()
    assert isinstance(error, MissingSettingError)
    assert error.name == name
    assert str(error) == (
        f"{feature} needs the setting {name!r}: pass it to the application, as in"
        f" Application(routes, {name}=...)"
    )


# The locale.


class Greeting(RequestHandler):
    """Greets in the locale of the request."""

    def get(self) -> None:
        self.write(f"{self.locale.code} {self.locale.translate('hello')}")


@pytest.mark.usefixtures("catalogues")
@pytest.mark.parametrize(
    ("header", "greeting"),
    [
        ("pl", "pl witaj"),
        ("PL-pl", "pl witaj"),
        ("es-ES;q=0.9", "es_ES hola"),
        ("es-ES; q=0.9", "es_ES hola"),
        ("es-ES;q=0.3, pl;q=0.7", "pl witaj"),
        ("es-ES;q=0, pl;q=0.1", "pl witaj"),
        ("es-ES;q=0", "en_US hello"),
        ("es-ES;q=-1", "en_US hello"),
        ("fr", "en_US hello"),
        ("*", "en_US hello"),
        (";;;,,", "en_US hello"),
        ("", "en_US hello"),
    ],
)
def test_locale_of_the_browser(serve: Serve, header: str, greeting: str) -> None:
    """The locale goes by `Accept-Language`; what it excludes or spells wrongly does not count."""
    assert serve(Greeting).ask(Accept_Language=header).text == greeting


@pytest.mark.usefixtures("catalogues")
def test_browser_locale_of_a_silent_browser(serve: Serve) -> None:
    """`get_browser_locale` has a default for requests that do not say, and only for those."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.write(self.get_browser_locale().code + " " + self.get_browser_locale("pl").code)

    server = serve(Handler)
    assert server.ask().text == "en_US pl"
    assert server.ask(Accept_Language="fr").text == "en_US en_US"


@pytest.mark.usefixtures("catalogues")
@pytest.mark.parametrize(
    ("found", "greeting"),
    [
        ("pl", "pl witaj"),
        ("es-es", "es_ES hola"),
        ("xx", "en_US hello"),
        ("", "en_US hello"),
        (None, "es_ES hola"),
    ],
)
def test_locale_of_the_user(serve: Serve, found: str | None, greeting: str) -> None:
    """`get_user_locale` gives a code, or None to go by the browser."""

    class Handler(Greeting):
        def get_user_locale(self) -> str | None:
            return found

    assert serve(Handler).ask(Accept_Language="es-ES").text == greeting


@pytest.mark.usefixtures("catalogues")
def test_user_locale_object(serve: Serve) -> None:
    """`get_user_locale` gives a locale; it is called once, and may ask for the user."""
    calls = []

    class Handler(Greeting):
        def get_current_user(self) -> dict[str, str]:
            return {"language": "pl"}

        def get_user_locale(self) -> Locale:
            calls.append(self)
            return cyclone_locale.get(self.current_user["language"])

    assert serve(Handler).ask().text == "pl witaj"
    assert len(calls) == 1


@pytest.mark.usefixtures("catalogues")
@pytest.mark.parametrize("value", ["pl", "locale"])
def test_locale_may_be_set(serve: Serve, value: str) -> None:
    """What is set wins over `get_user_locale`, which is not called; it is a locale or a code."""

    class Handler(Greeting):
        def prepare(self) -> None:
            self.locale = cyclone_locale.get("pl") if value == "locale" else value

        def get_user_locale(self) -> Locale:
            raise NotImplementedError

    assert serve(Handler).ask().text == "pl witaj"


@pytest.mark.parametrize("kind", ["coroutine", "number"])
def test_wrong_locale(serve: Serve, log: Log, kind: str) -> None:
    """What is no locale is refused, with what to do where it takes waiting."""

    class Handler(Greeting):
        def get_user_locale(self) -> Any:  # noqa: ANN401 -- what is wrong
            return _coroutine() if kind == "coroutine" else 7

    assert serve(Handler).ask().status == 500
    (error,) = log.failures()
    assert isinstance(error, TypeError)
    assert "set self.locale in prepare()" in str(error)


@pytest.mark.parametrize(("debug", "greeting"), [(True, "pl czesc"), (False, "pl witaj")])
def test_catalogues_in_debug_mode(
    serve: Serve, catalogues: Path, debug: bool, greeting: str
) -> None:
    """In debug mode a catalogue that was edited is loaded anew."""
    server = serve(Greeting, debug=debug, autoreload=False)
    assert server.ask(Accept_Language="pl").text == "pl witaj"
    (catalogues / "pl.csv").write_text('"hello","czesc"\n', encoding="utf-8")
    assert server.ask(Accept_Language="pl").text == greeting
