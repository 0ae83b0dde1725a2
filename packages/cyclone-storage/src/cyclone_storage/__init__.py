"""Redis, SQLite and sessions on Twisted, from the cyclone web framework."""

__all__: list[str] = []
