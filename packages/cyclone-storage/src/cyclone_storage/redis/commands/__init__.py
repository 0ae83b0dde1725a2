"""The commands of Redis: one typed surface of pools and of connections."""

from cyclone_storage.redis.commands.connection import ConnectionCommands
from cyclone_storage.redis.commands.surface import Commands

__all__ = ["Commands", "ConnectionCommands"]
