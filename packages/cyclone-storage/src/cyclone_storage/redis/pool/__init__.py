"""Connections to one server that commands share: made, kept, lent, made again."""

__all__: list[str] = []
