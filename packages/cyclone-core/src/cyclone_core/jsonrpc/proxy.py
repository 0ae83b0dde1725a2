"""The methods of a server as attributes."""

from typing import Any

from twisted.internet.defer import Deferred

from cyclone_core.jsonrpc.client import JsonRpcClient

__all__ = ["JsonRPC", "RemoteMethod"]


class RemoteMethod:
    """A method of a server: call it, or take a longer name by its attributes (`client.system.list`)."""

    def __init__(self, client: JsonRpcClient, name: str) -> None:
        """Name a method.

        Args:
            client: What calls it.
            name: Its name.
        """
        self._client = client
        self._name = name

    def __getattr__(self, name: str) -> "RemoteMethod":
        """Name the method whose name goes on with a dot and an attribute."""
        _check_public(self, name)
        return RemoteMethod(self._client, f"{self._name}.{name}")

    def __call__(self, /, *args: Any, **kwargs: Any) -> Deferred[Any]:  # noqa: ANN401 -- any JSON
        """Call it; see `JsonRpcClient.call`."""
        return self._client.call(self._name, *args, **kwargs)

    def __repr__(self) -> str:
        """Show the name."""
        return f"<{type(self).__name__} {self._name}>"


class JsonRPC:
    """The methods of a server: each attribute is one (cyclone: `httpclient.JsonRPC`).

    Calls give Deferreds, see `JsonRpcClient.call`. Every name is the server's, and so there are no other
    methods: notifications, batches and names that are no attributes are those of a `JsonRpcClient`, of
    which this can be made, too. Names that begin with `_` are nobody's.

    Example:
        >>> async def add(url):
        ...     server = JsonRPC(url, request_timeout=5)
        ...     return await server.add(1, 2)
    """

    def __init__(self, url: str | JsonRpcClient, **options: Any) -> None:  # noqa: ANN401 -- see below
        """Name a server.

        Args:
            url: Its URL; or a client.
            options: With a URL those of `JsonRpcClient`: `version`, `timeout`, `request_timeout` and all
                others of a request.

        Raises:
            TypeError: An option is unknown, or there are some beside a client.
            ValueError: An option means nothing.
        """
        if isinstance(url, str):
            url = JsonRpcClient(url, **options)
        elif options:
            raise TypeError("options beside a JsonRpcClient: give them to that")
        self._client = url

    def __getattr__(self, name: str) -> RemoteMethod:
        """Name a method of the server."""
        _check_public(self, name)
        return RemoteMethod(self._client, name)

    def __repr__(self) -> str:
        """Show what it is: its attributes would be calls."""
        return f"<{type(self).__name__}>"


def _check_public(owner: object, name: str) -> None:
    # Python itself asks for many of these: to copy an object, to show it, to await it. A copy that is not
    # yet filled has no client, so nothing else may be asked of the owner before.
    if name.startswith("_"):
        raise AttributeError(
            f"{type(owner).__name__} has no attribute {name!r}, and takes it for no method of the server:"
            f" JsonRpcClient.call({name!r}) calls that"
        )
