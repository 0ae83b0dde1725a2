"""The exceptions of cyclone_core, and who is to blame for each.

```
CycloneError
├── HTTPInputError      the peer sent something wrong; `status` is the answer it gets
│   ├── cyclone_core.httpserver.decompress.UnsupportedCoding   a body that nobody can decode
│   └── cyclone_core.httpserver.spool.SpoolError   a body that cannot be kept: disk or files are exhausted
├── HTTPOutputError     the program tried to send something wrong
│   └── NotUpgradable   the program asked to leave HTTP where that is impossible
├── StreamClosedError   the peer has gone; what was written did not arrive
├── cyclone_core.web.users.MissingSettingError, UnresolvedUserError   a mistake of the application
├── cyclone_core.routing.URLReverseError   no URL can be made of a route and these values
└── cyclone_core.web.HTTPError, Finish, MissingArgumentError   raised on purpose by a handler
```
"""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = [
    "CycloneError",
    "HTTPInputError",
    "HTTPOutputError",
    "NotUpgradable",
    "StreamClosedError",
]


class CycloneError(Exception):
    """The root of every exception that cyclone_core defines."""


class HTTPInputError(CycloneError):
    """The peer's bytes are no valid HTTP, or exceed a limit (Tornado: `httputil.HTTPInputError`).

    Attributes:
        status: The HTTP status code (400 to 599) that answers the mistake.
        http_status: The same, under the name by which the web framework answers any exception.
        http_headers: Header fields that the answer needs.
    """

    http_headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, message: str, status: int = 400) -> None:
        """Describe a peer's mistake.

        Args:
            message: What was wrong, for the log. It is never sent to the peer.
            status: The HTTP status code that answers it.
        """
        super().__init__(message)
        self.status = status
        self.http_status = status


class HTTPOutputError(CycloneError):
    """The program broke a rule of HTTP in what it sends (Tornado: `httputil.HTTPOutputError`)."""


class NotUpgradable(HTTPOutputError):  # noqa: N818 -- the name is part of the exchange's interface
    """The exchange cannot hand its connection to another protocol."""


class StreamClosedError(CycloneError):
    """The client has gone (Tornado: `iostream.StreamClosedError`)."""
