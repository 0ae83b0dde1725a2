"""The access log: one line for each answered request.

`200 GET /path (127.0.0.1) 0.50ms` is Tornado's line; `access_log="json"` makes an object of it that is a
line by itself. Where it goes, see `cyclone_core.log.lines`.

A client writes most of the line: what of it is escaped and masked, see `cyclone_core.log.text`. There is
no bound on the length but that of the request line, `max_request_line`.
"""

import datetime as dt
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Any, Final

from cyclone_core.log.lines import BARE, ERROR, INFO, WARN, LineWriter
from cyclone_core.log.text import masking, printable

if TYPE_CHECKING:
    from cyclone_core.httpserver.clock import CoarseClock
    from cyclone_core.httputil import HTTPServerRequest
    from cyclone_core.web.handler import RequestHandler

__all__ = ["MASKED", "AccessLog", "LogFunction", "log_function", "mask_function"]

LogFunction = Callable[["RequestHandler"], object]
"""What `log_function` may be: it is called with the handler of each answered request."""

MASKED: Final = frozenset(
    {
        *("access_token", "id_token", "refresh_token", "token", "jwt", "assertion"),
        *("password", "passwd", "pwd", "secret", "client_secret", "pin", "otp"),
        *("api_key", "apikey", "key", "auth", "sid", "session", "sessionid", "_xsrf"),
        *("code", "ticket", "oauth_token", "oauth_verifier", "samlresponse"),
        *("sig", "signature", "x-amz-signature", "x-amz-security-token", "x-goog-signature"),
    }
)
"""The arguments of a query whose values the log does not show; for forms of their names see `masking`."""

_CLIENT_ERROR: Final = 400
_SERVER_ERROR: Final = 500

# nginx has this number for an answer whose client left before its head was out.
_CLIENT_LEFT: Final = 499

# RFC 3986 section 3.2.1; all before the last `@`, as browsers read it.
_USER_INFO: Final = re.compile(r"(?<![^:])//[^/?]*@")

_writer: Final = LineWriter("cyclone.access")


class AccessLog:
    """Writes the access log of one application."""

    __slots__ = ("_clock", "_date", "_json", "_mask", "_scheduled", "_second", "_writer")

    def __init__(
        self,
        clock: "CoarseClock",
        *,
        json: bool = False,
        masked: Iterable[str] = MASKED,
        writer: LineWriter = _writer,
    ) -> None:
        """Make an access log; nothing is written before the first request.

        Args:
            clock: The application's; it tells when the reactor's turn is over.
            json: Whether lines are JSON.
            masked: The arguments of a query whose values are not shown.
            writer: What takes the lines.
        """
        self._clock = clock
        self._json = json
        self._mask = masking(masked)
        self._writer = writer
        self._scheduled = False
        self._second = -1
        self._date = ""

    def __call__(self, handler: "RequestHandler") -> None:
        """Log one answered request.

        Args:
            handler: The handler that has answered.
        """
        request = handler.request
        status = handler.get_status()
        seconds = request.request_time()
        uri = request.uri
        if "?" in uri:
            uri = self._mask(uri)
        aborted = None
        # Nobody can leave while the whole answer is made in one go.
        if handler._late or handler._headers_written:  # noqa: SLF001 -- one for the framework's use
            aborted, started = _ending(request)
            if aborted is not None and not started:
                status = _CLIENT_LEFT
        level = INFO if status < _CLIENT_ERROR else WARN if status < _SERVER_ERROR else ERROR
        if self._json:
            text = self._object(request, status, uri, seconds, aborted)
        else:
            text = f"{status} {request.method} {uri} ({request.remote_ip}) {seconds * 1000:.2f}ms"
            if aborted is not None:
                text += " aborted"
            text = printable(text)
        if self._writer.write(BARE if self._json else level, text):
            if not self._scheduled:
                self._scheduled = True
                self._clock.call_soon(self._turn)
        else:
            self._writer.emit(
                level,
                text,
                status=status,
                method=request.method,
                uri=uri,
                ip=request.remote_ip,
                milliseconds=seconds * 1000,
                aborted=aborted,
            )

    def _turn(self) -> None:
        self._scheduled = False
        self._writer.flush()

    def _object(
        self,
        request: "HTTPServerRequest",
        status: int,
        uri: str,
        seconds: float,
        aborted: str | None,
    ) -> str:
        headers = request.headers
        referer = headers.get("Referer")
        if referer is not None:
            # Browsers leave out both; what a program sends may hold a password or a token.
            referer = self._mask(_USER_INFO.sub("//", referer.partition("#")[0], count=1))
        text = (
            f'{{"time":"{self._now()}","status":{status},"method":{_quote(request.method)},'
            f'"uri":{_quote(uri)},"host":{_quote(request.host)},'
            f'"remote_ip":{_quote(request.remote_ip)},"protocol":{_quote(request.protocol)},'
            f'"version":{_quote(request.version)},"duration_ms":{seconds * 1000:.3f},'
            f'"referer":{_quote(referer)},"user_agent":{_quote(headers.get("User-Agent"))},'
            f'"aborted":{_quote(aborted)}}}'
        )
        # All else is escaped already: a terminal might still rub something out.
        return text.replace("\x7f", "\\u007f")

    def _now(self) -> str:
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second = second
            self._date = dt.datetime.fromtimestamp(second, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._date}.{int((now - second) * 1000):03d}Z"


def log_function(settings: Mapping[str, Any], clock: "CoarseClock") -> LogFunction:
    """Choose what logs the requests of an application.

    Args:
        settings: Its settings, of which these have a meaning here: `log_function`, called with each
            handler, replaces the access log. `access_log`: `"text"` (the default), `"json"`, or None
            or False for no access log. `access_log_mask`: a collection of the names of arguments
            whose values are not shown, `MASKED` by default, empty or None to show all.
        clock: Its clock.

    Returns:
        A function that takes the handler of an answered request.

    Raises:
        ValueError: A setting has the wrong type or value; the message names it.
    """
    own = settings.get("log_function")
    if own is not None and not callable(own):
        raise ValueError(
            f"setting 'log_function' must be a function that takes a handler, not {own!r}"
        )
    kind = settings.get("access_log", "text")
    if kind not in ("text", "json", None, False):
        raise ValueError(f"setting 'access_log' must be 'text', 'json' or None, not {kind!r}")
    masked = _masked_names(settings)
    if own is not None:
        chosen: LogFunction = own
        return chosen
    if not kind:
        return _log_nothing
    return AccessLog(clock, json=kind == "json", masked=masked)


def mask_function(settings: Mapping[str, Any]) -> Callable[[str], str]:
    """Choose what hides secrets in other lines than those of requests.

    Args:
        settings: The settings of an application, of which `access_log_mask` has a meaning here.

    Returns:
        A function that takes a URI and returns it without the values of secrets.

    Raises:
        ValueError: The setting is no collection of names.
    """
    return masking(_masked_names(settings))


def _quote(value: str | None) -> str:
    return "null" if value is None else encode_basestring_ascii(value)


def _log_nothing(_: "RequestHandler") -> None:
    """Take the place of an access log that is switched off."""


def _masked_names(settings: Mapping[str, Any]) -> Collection[str]:
    masked = settings.get("access_log_mask", MASKED)
    if isinstance(masked, (str, bytes)) or not (
        masked is None
        or (isinstance(masked, Collection) and all(isinstance(name, str) for name in masked))
    ):
        raise ValueError(
            f"setting 'access_log_mask' must be a list of names of arguments, not {masked!r}"
        )
    return masked or ()


def _ending(request: "HTTPServerRequest") -> tuple[str | None, bool]:
    """Find out how the exchange has ended: why it was cut off, if it was, and if its head was out."""
    # The answer is complete or cut off, so this fires at once.
    outcome: list[str | None] = []
    request.notifyFinish().addCallback(outcome.append)
    return outcome[0] if outcome else None, getattr(request.connection, "started", True)
