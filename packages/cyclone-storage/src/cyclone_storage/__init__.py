"""Redis, SQLite and sessions on Twisted, for the cyclone web framework.

This version holds no code yet and exports nothing. A later version brings
a Redis client, in-process SQLite, and sessions on top of either.
"""

__all__: list[str] = []
