"""Exceptions that a handler raises on purpose."""

import re
from collections.abc import Mapping
from typing import Final

from cyclone_core.errors import CycloneError
from cyclone_core.http1.status import is_final, reason_phrase
from cyclone_core.httputil.names import is_token

__all__ = [
    "Finish",
    "HTTPAuthenticationRequired",
    "HTTPError",
    "MethodNotAllowed",
    "MissingArgumentError",
    "status_of",
]

# RFC 9110 section 5.6.4, without tabs.
_QUOTABLE: Final = re.compile(r"[\x20-\x7e\xa0-\xff]*")

# RFC 7616 section 3.3: clients do not expect quotes around these.
_UNQUOTED: Final = frozenset({"algorithm", "stale"})

_SMALLEST_ERROR = 400
_LARGEST_ERROR = 599


class HTTPError(CycloneError):
    """Ends the request with an error page (Tornado and cyclone: `web.HTTPError`).

    Attributes:
        status_code: The HTTP status code.
        log_message: What the log gets; never shown to the client.
        args: Values for the `%` placeholders of `log_message`.
        reason: The reason phrase, or None for the usual one.
    """

    def __init__(
        self,
        status_code: int = 500,
        log_message: str | None = None,
        *args: object,
        reason: str | None = None,
    ) -> None:
        """Describe the error.

        Args:
            status_code: 400 to 599; 200 to 399 is allowed too, say for a 304.
            log_message: What to log; with `args` it is a `%` format, without it is taken literally.
            args: Values for its placeholders.
            reason: A reason phrase of your own; the client sees it.
        """
        super().__init__(status_code, log_message, *args)
        self.status_code = status_code
        self.log_message = log_message
        self.args = args
        self.reason = reason

    def get_message(self) -> str | None:
        """Return the log message with its values filled in, or None if there is none."""
        if self.log_message and self.args:
            try:
                return self.log_message % self.args
            except (TypeError, ValueError):
                # Who looks at an error must not get another one.
                return f"{self.log_message} {self.args!r}"
        return self.log_message

    def __str__(self) -> str:
        """Show status, reason and log message."""
        reason = self.reason or reason_phrase(self.status_code)
        text = f"HTTP {self.status_code}: {reason}"
        message = self.get_message()
        return f"{text} ({message})" if message else text

    def __reduce__(self) -> tuple[object, ...]:
        """Copy and pickle without the constructor, which a subclass may have changed."""
        return _restore, (type(self), self.args), self.__dict__


class MissingArgumentError(HTTPError):
    """A required argument is missing: status 400 (Tornado: `web.MissingArgumentError`).

    Attributes:
        arg_name: The name of the argument.
    """

    def __init__(self, arg_name: str) -> None:
        """Name the argument that is missing."""
        super().__init__(400, f"Missing argument {arg_name}")
        self.arg_name = arg_name


class MethodNotAllowed(HTTPError):  # noqa: N818 -- the name of the status
    """The resource does not implement the method: status 405 with `Allow`.

    Attributes:
        allowed: The methods that it implements.
    """

    def __init__(self, allowed: tuple[str, ...]) -> None:
        """List the methods that are implemented."""
        super().__init__(405)
        self.allowed = allowed

    @property
    def http_headers(self) -> Mapping[str, str]:
        """The headers of the answer."""
        return {"Allow": ", ".join(self.allowed)}


class HTTPAuthenticationRequired(HTTPError):  # noqa: N818 -- cyclone's name
    """The client must say who it is: status 401 (cyclone: `web.HTTPAuthenticationRequired`).

    The class itself may be raised, too.

    Attributes:
        auth_type: The scheme, for example `"Basic"`.
        kwargs: The parameters of the challenge, `realm` among them.
    """

    def __init__(
        self,
        log_message: str | None = None,
        auth_type: str = "Basic",
        realm: str = "Restricted Access",
        **kwargs: object,
    ) -> None:
        """Describe the challenge (RFC 9110 section 11.6.1).

        Args:
            log_message: What to log.
            auth_type: The scheme.
            realm: What the client is to be let into; it is shown to the user.
            kwargs: Further parameters, in which an underscore stands for a hyphen.

        Raises:
            ValueError: The scheme or a parameter cannot be sent.
        """
        super().__init__(401, log_message)
        if not is_token(auth_type):
            raise ValueError(f"an authentication scheme is a token (RFC 9110), not {auth_type!r}")
        self.auth_type = auth_type
        self.kwargs = {name.replace("_", "-"): value for name, value in kwargs.items()}
        self.kwargs["realm"] = realm
        self._challenge = f"{auth_type} " + ", ".join(
            [_parameter(name, value) for name, value in self.kwargs.items()]
        )

    @property
    def http_headers(self) -> Mapping[str, str]:
        """The headers of the answer."""
        return {"WWW-Authenticate": self._challenge}


class Finish(CycloneError):  # noqa: N818 -- Tornado's name
    """Ends the request quietly with what was written (Tornado: `web.Finish`).

    The arguments, at most one, are passed to `RequestHandler.finish`.
    """


def _parameter(name: str, value: object) -> str:
    if not is_token(name):
        raise ValueError(f"the name of a parameter is a token (RFC 9110), not {name!r}")
    text = str(value)
    if not _QUOTABLE.fullmatch(text):
        raise ValueError(f"the parameter {name} must be printable latin-1, not {text!r}")
    if name in _UNQUOTED and is_token(text):
        return f"{name}={text}"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}="{escaped}"'


def _restore(kind: type[HTTPError], args: tuple[object, ...]) -> HTTPError:
    return kind.__new__(kind, *args)


def status_of(error: BaseException) -> int:
    """Tell which status answers an exception.

    Args:
        error: An `HTTPError` with any final status, or another exception; one with an integer
            `http_status` from 400 to 599 chooses for itself, which is how packages that know no web
            framework speak HTTP.

    Returns:
        The status code, 500 for all others.
    """
    if isinstance(error, HTTPError):
        status: object = error.status_code
        return status if isinstance(status, int) and is_final(status) else 500
    status = getattr(error, "http_status", 500)
    if isinstance(status, int) and _SMALLEST_ERROR <= status <= _LARGEST_ERROR:
        return status
    return 500
