"""From a route to a connection: names, addresses, proxies and TLS."""

from cyclone_core.httpclient.connecting.attempts import connect
from cyclone_core.httpclient.connecting.racing import HostnameMapping
from cyclone_core.httpclient.connecting.tls import TLSContexts

__all__ = ["HostnameMapping", "TLSContexts", "connect"]
