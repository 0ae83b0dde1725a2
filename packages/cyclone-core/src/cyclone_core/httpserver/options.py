"""What a port may be told beside its limits."""

import dataclasses
import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

__all__ = ["Network", "ServerOptions"]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# `ip_network` takes numbers, too: True would be 0.0.0.1.
_ADDRESSES: Final = (str, ipaddress.IPv4Address, ipaddress.IPv6Address, Network)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How connections are served (Tornado: arguments of `httpserver.HTTPServer`).

    An `Application` builds it from its settings, which have the names of these fields. Only `protocol`
    is none of them, because it belongs to one port, and applications have settings of that name.

    Attributes:
        no_keep_alive: Close every connection after its first answer.
        xheaders: Believe a trusted proxy what it says of the client, in `X-Real-Ip` or
            `X-Forwarded-For` and in `X-Scheme` or `X-Forwarded-Proto`.
        trusted_downstream: The addresses and networks of such proxies, text like `"10.0.0.0/8"` or
            objects of `ipaddress`; loopback and unix sockets are always trusted.
        protocol: `"http"` or `"https"` for every request, say behind a proxy that ends TLS and does
            not tell; None for what the connection is.
        decompress_request: Decode request bodies with `Content-Encoding: gzip` or `deflate`.
    """

    no_keep_alive: bool = False
    xheaders: bool = False
    trusted_downstream: tuple[Network, ...] = ()
    protocol: str | None = None
    decompress_request: bool = False

    def __post_init__(self) -> None:
        """Refuse what would fail with the first request, or silently mean something else.

        Raises:
            ValueError: A field has the wrong type or value; the message names it.
        """
        for name in ("no_keep_alive", "xheaders", "decompress_request"):
            # A number is what classic configuration files give.
            if getattr(self, name) not in (True, False, None):
                raise ValueError(
                    f"setting {name!r} must be True or False, not {getattr(self, name)!r}"
                )
            object.__setattr__(self, name, bool(getattr(self, name)))
        if self.protocol not in (None, "http", "https"):
            raise ValueError(
                f"setting 'protocol' must be 'http', 'https' or None, not {self.protocol!r}"
            )
        networks = _networks(self.trusted_downstream)
        object.__setattr__(self, "trusted_downstream", networks)

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Build the options from an application's settings.

        Args:
            settings: Any mapping; keys that name no option are somebody else's.

        Returns:
            The options; what the settings do not name has its default.

        Raises:
            ValueError: A setting has the wrong type or value; the message names it.
        """
        names = {field.name for field in dataclasses.fields(cls)} - {"protocol"}
        return cls(**{name: settings[name] for name in settings if name in names})


def _networks(value: Iterable[str | Network] | None) -> tuple[Network, ...]:
    if isinstance(value, (str, bytes)) or not isinstance(value or (), Iterable):
        raise ValueError(  # noqa: TRY004 -- what every bad setting raises
            f"setting 'trusted_downstream' must be a list of addresses and networks, not {value!r}"
        )
    return tuple([_network(each) for each in value or ()])


def _network(value: object) -> Network:
    problem: object = f"{value!r}, which is neither text nor an object of ipaddress"
    if isinstance(value, _ADDRESSES):
        try:
            return ipaddress.ip_network(value)
        except ValueError as error:
            problem = error
    raise ValueError(f"setting 'trusted_downstream' holds what is no address or network: {problem}")
