"""Who may see a traceback: the developer, at the machine on which the program runs.

A site on the internet may give its own name the address 127.0.0.1 and so have a browser read pages from
the developer's machine ("DNS rebinding"); its name in `Host` gives it away. And who forgets `debug=True`
on a server shows the source to nobody but those whom the setting names.
"""

from collections.abc import Collection

from cyclone_core.httpserver.addresses import parse_address
from cyclone_core.httpserver.peer import UNIX
from cyclone_core.httputil import HTTPServerRequest

__all__ = ["may_see"]


def may_see(request: HTTPServerRequest, setting: object) -> bool:
    """Tell whether a request may be answered with a traceback.

    Args:
        request: The request.
        setting: The setting `serve_traceback`: false for nobody, a collection of the names of hosts for
            requests to those hosts, anything else for this machine, under a name of its own.

    Returns:
        Whether it may.
    """
    if not setting:
        return False
    name = request.host_name
    if isinstance(setting, Collection) and not isinstance(setting, (str, bytes)):
        return name in setting
    return _is_here(request.remote_ip or "") and _is_local(name)


def _is_here(remote_ip: str) -> bool:
    if remote_ip.startswith(UNIX):
        return True
    address = parse_address(remote_ip)
    return address is not None and address.ip.is_loopback


def _is_local(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    # Also those of the network: nobody else's page has an address for its name.
    return parse_address(name.removeprefix("[").removesuffix("]")) is not None
