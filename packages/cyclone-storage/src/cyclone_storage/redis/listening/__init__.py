"""Connections on which the server speaks by itself: channels and `MONITOR`."""

__all__: list[str] = []
