"""WebSocket, Server-Sent Events and broadcast for the cyclone web framework."""

__all__: list[str] = []
