"""The proxy that the environment names: asked for, never read behind a program's back."""

import os
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network

from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.proxies import Proxy, parse_proxy
from cyclone_core.httpclient.urls import URL, parse_url

__all__ = ["proxy_from_environment"]

_SEPARATORS = re.compile(r"[,\s]+")
_PORT = re.compile(r"(.*[^:]):([0-9]{1,5})", re.ASCII)


def proxy_from_environment(
    url: str | URL, environ: Mapping[str, str] | None = None
) -> Proxy | None:
    """Find the proxy for a URL in `http_proxy` or `https_proxy`, `all_proxy` and `no_proxy`.

    Names in lower case go before those in upper case; an empty value says that there is no proxy. In a
    CGI program `HTTP_PROXY` means nothing, as there it is a header of the request (CVE-2016-1000110).

    `no_proxy` is a list with commas or blanks: `*` for all; a host, which stands for those below it, too;
    an address or a network like `10.0.0.0/8`; each of the first two with a port, if it is meant alone.

    Args:
        url: What is asked for.
        environ: The environment, by default the process's.

    Returns:
        The proxy, for the option `proxy` of a request; None if there is none.

    Raises:
        InvalidRequest: The value is no URL of a proxy that can be used, or `url` is none. The message
            names the variable and does not show its value.
    """
    parsed = parse_url(url) if isinstance(url, str) else url
    # A copy: on Windows os.environ knows no case, so that HTTP_PROXY would be http_proxy.
    values = dict(os.environ if environ is None else environ)
    name = next(_names(parsed.scheme, values), None)
    if name is None or not values[name]:
        return None
    if _is_excepted(parsed, values.get("no_proxy", values.get("NO_PROXY", ""))):
        return None
    value = values[name]
    try:
        return parse_proxy(value if "://" in value else f"http://{value}")
    except InvalidRequest as error:
        raise InvalidRequest(f"the environment's {name} cannot be used: {error}") from None


def _names(scheme: str, values: Mapping[str, str]) -> Iterator[str]:
    for name in (f"{scheme}_proxy", "all_proxy"):
        if name in values:
            yield name
        upper = name.upper()
        if upper in values and not (upper == "HTTP_PROXY" and "REQUEST_METHOD" in values):
            yield upper


def _is_excepted(url: URL, exceptions: str) -> bool:
    host = url.host.removesuffix(".")
    return any(
        _matches(entry, host, url.port) for entry in _SEPARATORS.split(exceptions.lower()) if entry
    )


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    with_port = _PORT.fullmatch(entry)
    # An IPv6 address without brackets has no port.
    if with_port and (":" not in with_port[1] or with_port[1].endswith("]")):
        if int(with_port[2]) != port:
            return False
        entry = with_port[1]
    try:
        return ip_address(host) in ip_network(entry.strip("[]"), strict=False)
    except ValueError:  # one of them is a name
        name = entry.removeprefix("*").strip(".")
        return bool(name) and (host == name or host.endswith(f".{name}"))
