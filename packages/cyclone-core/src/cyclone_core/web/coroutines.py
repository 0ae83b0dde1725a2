"""Waiting for what a handler's methods return; see `cyclone_core.coroutines`."""

from cyclone_core.coroutines import settle

__all__ = ["settle"]
