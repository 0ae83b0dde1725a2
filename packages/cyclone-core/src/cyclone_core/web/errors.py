"""Exceptions that a handler raises on purpose."""

from collections.abc import Mapping

from cyclone_core.errors import CycloneError
from cyclone_core.http1.status import reason_phrase

__all__ = ["Finish", "HTTPError", "MethodNotAllowed", "MissingArgumentError", "status_of"]

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
            status_code: 400 to 599.
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
            return self.log_message % self.args
        return self.log_message

    def __str__(self) -> str:
        """Show status, reason and log message."""
        reason = self.reason or reason_phrase(self.status_code)
        text = f"HTTP {self.status_code}: {reason}"
        message = self.get_message()
        return f"{text} ({message})" if message else text

    def __reduce__(self) -> tuple[object, ...]:
        """Copy and pickle with all that was given."""
        arguments = (self.status_code, self.log_message, *self.args)
        return type(self), arguments, {"reason": self.reason}


class MissingArgumentError(HTTPError):
    """A required argument is missing: status 400 (Tornado: `web.MissingArgumentError`).

    Attributes:
        arg_name: The name of the argument.
    """

    def __init__(self, arg_name: str) -> None:
        """Name the argument that is missing."""
        super().__init__(400, "Missing argument %s", arg_name)
        self.arg_name = arg_name

    def __reduce__(self) -> tuple[object, ...]:
        """Copy and pickle by the argument's name."""
        return type(self), (self.arg_name,)


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

    def __reduce__(self) -> tuple[object, ...]:
        """Copy and pickle by the methods."""
        return type(self), (self.allowed,)


class Finish(CycloneError):  # noqa: N818 -- Tornado's name
    """Ends the request quietly with what was written (Tornado: `web.Finish`).

    The arguments, at most one, are passed to `RequestHandler.finish`.
    """


def status_of(error: BaseException) -> int:
    """Tell which status answers an exception.

    Args:
        error: An `HTTPError`, or any exception; one with an integer `http_status` from 400 to 599
            chooses for itself, which is how packages that know no web framework speak HTTP.

    Returns:
        The status code, 500 for all others.
    """
    status = (
        error.status_code if isinstance(error, HTTPError) else getattr(error, "http_status", 500)
    )
    if isinstance(status, int) and _SMALLEST_ERROR <= status <= _LARGEST_ERROR:
        return status
    return 500
