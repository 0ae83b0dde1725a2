"""The commands that run anywhere: on a pool, on a connection, in a transaction, in a batch."""

from cyclone_storage.redis.commands.bits import BitCommands
from cyclone_storage.redis.commands.geo import GeoCommands
from cyclone_storage.redis.commands.hashes import HashCommands
from cyclone_storage.redis.commands.hyperloglogs import HyperLogLogCommands
from cyclone_storage.redis.commands.keys import KeyCommands
from cyclone_storage.redis.commands.lists import ListCommands
from cyclone_storage.redis.commands.raw import RawCommands
from cyclone_storage.redis.commands.scripting import ScriptingCommands
from cyclone_storage.redis.commands.server import ServerCommands
from cyclone_storage.redis.commands.sets import SetCommands
from cyclone_storage.redis.commands.sorted_set_ranges import SortedSetRangeCommands
from cyclone_storage.redis.commands.sorted_sets import SortedSetCommands
from cyclone_storage.redis.commands.streams import StreamCommands
from cyclone_storage.redis.commands.strings import StringCommands

__all__ = ["CommandGroups"]


class CommandGroups(
    KeyCommands,
    StringCommands,
    BitCommands,
    ListCommands,
    SetCommands,
    SortedSetCommands,
    SortedSetRangeCommands,
    HashCommands,
    HyperLogLogCommands,
    GeoCommands,
    StreamCommands,
    ScriptingCommands,
    ServerCommands,
    RawCommands,
):
    """All commands but those that begin and end transactions and pipelines."""

    __slots__ = ()
