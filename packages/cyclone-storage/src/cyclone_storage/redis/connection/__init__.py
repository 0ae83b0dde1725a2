"""One connection to a Redis server: bytes, replies, and the commands that wait for them."""

__all__: list[str] = []
