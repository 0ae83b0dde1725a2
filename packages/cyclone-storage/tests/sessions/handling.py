"""A small web framework in memory: handlers that have what sessions need, and browsers that ask them."""

import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred

from cyclone_storage.sessions import Session, SessionMixin

__all__ = ["Browser", "Clock", "Handler", "Method", "Plain", "Request", "Whatever", "sign"]

Whatever = Any
"""Values of any type: JSON, attributes of cookies, stand-ins."""

SECRET = b"0123456789abcdef0123456789abcdef"


class Clock:
    """A clock that goes when it is told to; a function without arguments."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def sign(name: str, value: str, now: float, version: int = 2) -> str:
    """Sign a value as the handler does; version 1 stands for a format that is too weak."""
    text = f"{version}|{int(now)}|{name}|{value}"
    return f"{text}|{hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest()}"


class Request:
    """A request.

    Attributes:
        protocol: `http` or `https`.
        cookies: What the browser has sent.
    """

    def __init__(self, protocol: str, cookies: dict[str, str]) -> None:
        self.protocol = protocol
        self.cookies = cookies


class Plain:
    """A handler without sessions: what a web framework has.

    Attributes:
        headers: Those of the answer; of cookies, see `jar`.
        jar: Cookies of the answer by name: value and attributes, the value None if it is cleared.
        head_is_out: Whether the head was sent.
    """

    def __init__(self, settings: dict[str, Any], request: Request) -> None:
        self.settings = settings
        self.request = request
        self.headers: list[tuple[str, str]] = []
        self.jar: dict[str, tuple[str | None, dict[str, Any]]] = {}
        self.status = 200
        self.head_is_out = False
        self.before: list[Callable[[], Any]] = []

    def get_signed_cookie(
        self, name: str, *, max_age_days: float = 31, min_version: int = 1
    ) -> bytes | None:
        """Read a cookie that was signed."""
        sent = self.request.cookies.get(name, "")
        version, *fields = sent.split("|")
        if len(fields) != 4 or not version.isdigit() or int(version) < min_version:
            return None
        when, named, value, _ = fields
        if sent != sign(named, value, float(when), int(version)) or named != name:
            return None
        if self.now() - float(when) > max_age_days * 86400:
            return None
        return value.encode()

    def set_signed_cookie(
        self, name: str, value: str, expires_days: float | None = 30, **kwargs: Whatever
    ) -> None:
        """Sign and set a cookie."""
        self.jar[name] = sign(name, value, self.now()), {**kwargs, "expires_days": expires_days}

    def clear_cookie(self, name: str, **kwargs: Whatever) -> None:
        """Clear a cookie."""
        self.jar[name] = None, kwargs

    def before_headers(self, callback: Callable[[], Any]) -> None:
        """Call something before the head."""
        if self.head_is_out:
            raise RuntimeError("the head is out")
        self.before.append(callback)

    def get_status(self) -> int:
        """Return the status."""
        return self.status

    def add_header(self, name: str, value: str) -> None:
        """Add a header."""
        self.headers.append((name, value))

    def now(self) -> float:
        """Return the time by which cookies are signed."""
        clock = self.settings.get("session_clock") or time.time
        return float(clock())

    async def send_head(self) -> None:
        """Do what comes before the head, and send it."""
        await self.save()
        self.head_is_out = True

    async def save(self) -> None:
        """Do what comes before the head, and hold it back."""
        while self.before:
            result = self.before.pop(0)()
            if result is not None:
                await result


class Handler(SessionMixin, Plain):
    """A handler with sessions."""


Method = Callable[[Handler, Session], Any]
"""What a request does with its session; it may be `async def`."""


class Browser:
    """A client with cookies.

    Attributes:
        cookies: Its cookies.
    """

    def __init__(self, protocol: str = "http", **settings: Whatever) -> None:
        """Make one.

        Args:
            protocol: How it asks.
            settings: Those of the application that it asks.
        """
        self.protocol = protocol
        self.settings = settings
        self.cookies: dict[str, str] = {}

    def request(self) -> Handler:
        """Begin a request."""
        return Handler(self.settings, Request(self.protocol, dict(self.cookies)))

    async def end(self, handler: Handler) -> None:
        """End a request: its answer comes."""
        await handler.send_head()
        for name, (value, _) in handler.jar.items():
            self.cookies.pop(name, None)
            if value is not None:
                self.cookies[name] = value

    async def ask(self, method: Method, status: int = 200) -> Handler:
        """Send a request, do something with its session, and take the answer."""
        handler = self.request()
        handler.status = status
        result = method(handler, await handler.get_session())
        if isinstance(result, Awaitable):
            await result
        await self.end(handler)
        return handler

    def now(self, method: Method, status: int = 200) -> Handler:
        """Do the same where nothing waits."""
        done: list[Handler] = []
        running: Deferred[Handler] = ensureDeferred(self.ask(method, status))
        failures: list[Any] = []
        running.addCallbacks(done.append, failures.append)
        if failures:
            failures[0].raiseException()
        return done[0]

    def values(self) -> dict[str, Any]:
        """Return what its session holds, in memory."""
        found: dict[str, Any] = {}
        self.now(lambda _, session: found.update(session))
        return found
