"""Pools that follow the master of a service wherever it goes."""

__all__: list[str] = []
