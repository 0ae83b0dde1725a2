"""The commands of Redis: one typed surface of pools and of connections."""

from cyclone_storage.redis.commands.batches import Batch, Transaction
from cyclone_storage.redis.commands.connection import ConnectionCommands
from cyclone_storage.redis.commands.surface import Commands

__all__ = ["Batch", "Commands", "ConnectionCommands", "Transaction"]
