"""WebSocket, Server-Sent Events and broadcast, for the cyclone web framework.

This version holds no code yet and exports nothing. A later version brings
WebSocket and Server-Sent Events handlers, and broadcast to many clients, in one process or
through Redis in several.
"""

__all__: list[str] = []
