"""Every bound of the server, in one place and on by default."""

import dataclasses
import os
from collections.abc import Mapping
from typing import Any, Final, Self

__all__ = ["Limits", "check_limit"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one connection may cost. Sizes are bytes, times are seconds.

    An `Application` builds it from its settings, which have the names of these fields; the parser
    and the connection read nothing else. All checks hold for input that arrives byte by byte.

    Attributes:
        max_request_line: Longest request line; 8 KiB is what nginx and most browsers live with (414).
        max_header_line: Longest single header line (431).
        max_header_size: Request line and all header lines together (431). Four full lines.
        max_header_count: Number of header lines; browsers send about 20 (431).
        max_body_size: Bytes of a request body, Tornado's default; a handler class may have its own (413).
        max_arguments: Fields of a query string or form, Tornado's default; more stall the process (400).
        max_parts: Parts of a `multipart/form-data` body, Tornado's default (400).
        max_part_header_size: All header lines of one part, Tornado's default (400).
        body_memory_limit: Bytes of a body in memory, the rest is a file; of a form's fields together (413).
        body_spool_dir: The directory of such files; None is the system's for temporary files.
        max_chunk_line: One chunk-size line with its extensions, which are ignored (400).
        max_chunk_extensions: All chunk extensions of a body: nobody uses them but attackers (400).
        max_pipeline_size: Bytes read ahead while a request is being answered; then reading pauses.
        header_timeout: From the first byte of a request to the end of its head, absolute (408).
        idle_connection_timeout: Silence between requests, after which the connection is closed.
        body_stall_timeout: Silence in the middle of a body (408).
        body_timeout: The whole body (408); None is no bound, as in Tornado.
        min_body_rate: Bytes a second of a body on average, counted after its first ten seconds (408);
            a byte before each `body_stall_timeout` would hold a connection for years. None is no bound.
        write_timeout: How long the client may leave what the transport was given, at most 128 KiB, in
            the way of what follows; then the connection is cut.
        tls_handshake_timeout: From the connection to the end of the TLS handshake.
        max_connections: Open connections of an application; None is what the limit of open files
            allows. At it the connection that has been idle longest is closed for a new one (503).
        max_keep_alive_requests: Requests on one connection; None is no bound.
        drain_timeout: How long requests may go on when the process ends.
        shortest: The smallest of the three sizes of a head: one that is smaller needs no closer look.
        linger_timeout: How long a client that did not ask for the end of the connection, or is wrong,
            may take to read the last answer before it is cut off.
    """

    max_request_line: int = 8 * 1024
    max_header_line: int = 8 * 1024
    max_header_size: int = 32 * 1024
    max_header_count: int = 100
    max_body_size: int = 100 * 1024 * 1024
    max_arguments: int = 1000
    max_parts: int = 100
    max_part_header_size: int = 10 * 1024
    body_memory_limit: int = 4 * 1024 * 1024
    body_spool_dir: str | None = None
    max_chunk_line: int = 256
    max_chunk_extensions: int = 4 * 1024
    max_pipeline_size: int = 64 * 1024
    header_timeout: float = 10.0
    idle_connection_timeout: float = 30.0
    body_stall_timeout: float = 30.0
    body_timeout: float | None = None
    min_body_rate: int | None = 1000
    write_timeout: float = 30.0
    tls_handshake_timeout: float = 10.0
    max_connections: int | None = None
    max_keep_alive_requests: int | None = None
    drain_timeout: float = 10.0
    linger_timeout: float = 2.0
    shortest: int = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse values that would disable the server or hide a typing slip.

        Raises:
            ValueError: A field has the wrong type or is not positive; the message names it.
        """
        for field in _settable(self):
            _check(field.name, getattr(self, field.name), field.type)
        shortest = min(self.max_request_line, self.max_header_line, self.max_header_size)
        object.__setattr__(self, "shortest", shortest)

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Build the limits from an application's settings.

        Args:
            settings: Any mapping; keys that name no limit are somebody else's.

        Returns:
            The limits; what the settings do not name has its default.

        Raises:
            ValueError: A setting has the wrong type or is not positive; the message names it.
        """
        names = {field.name for field in _settable(cls)}
        return cls(**{name: settings[name] for name in settings if name in names})


def check_limit(name: str, value: object) -> None:
    """Check a value for one field of `Limits`, which a handler has as an attribute, say.

    Args:
        name: The field.
        value: The value.

    Raises:
        ValueError: It has the wrong type or is not positive; the message names the field.
    """
    _check(name, value, _KINDS[name])


def _settable(limits: Limits | type[Limits]) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(limits) if field.init]


def _check(name: str, value: Any, kind: object) -> None:  # noqa: ANN401 -- from anywhere
    if kind == (str | None):
        _check_directory(name, value)
        return
    optional = kind in (int | None, float | None)
    if value is None and optional:
        return
    whole = isinstance(value, int) and not isinstance(value, bool)
    sized = kind in (int, int | None)
    if not (whole or (not sized and isinstance(value, float))) or not value > 0:
        wanted = "a whole number" if sized else "a number of seconds"
        none = " or None" if optional else ""
        raise ValueError(f"setting {name!r} must be {wanted} above 0{none}, not {value!r}")


def _check_directory(name: str, value: object) -> None:
    if value is not None and not (isinstance(value, str) and os.path.isdir(value)):  # noqa: PTH112
        raise ValueError(f"setting {name!r} must be an existing directory or None, not {value!r}")


_KINDS: Final = {field.name: field.type for field in dataclasses.fields(Limits)}
