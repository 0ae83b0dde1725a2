"""TLS to a Redis server: verified unless the program says otherwise."""

__all__: list[str] = []
