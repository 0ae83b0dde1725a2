"""The tables miss nothing."""

import inspect
import re

from cyclone_storage.redis.commands import Commands, ConnectionCommands
from cyclone_storage.redis.commands.groups import CommandGroups

from . import test_batches, test_server, test_transactions
from .classic_rows import CLASSIC, ROWS
from .new_rows import NEW_ROWS

# Those that a row cannot call, as they need a server or a connection of their own, and where they are.
ELSEWHERE = {
    test_server: (
        "quit auth flushall flush save bgsave bgrewriteaof shutdown evalsha script_kill push pop"
        " object_freq scan_iter"
    ),
    test_transactions: "watch unwatch multi commit discard transaction",
    test_batches: "pipeline execute_pipeline batch",
}


def _tested() -> set[str]:
    """Return the names of the commands that tests call."""
    names = {row.name for row in [*ROWS, *NEW_ROWS]}
    for module, words in ELSEWHERE.items():
        source = inspect.getsource(module)
        for word in words.split():
            assert re.search(rf"\.{word}\b", source), word
            names.add(word)
    return names


def test_every_documented_command_is_called() -> None:
    """Each command that cyclone 1.x documents is compared or tested."""
    assert len(CLASSIC) > 100
    assert set(CLASSIC) - _tested() == set()


def test_every_command_is_called() -> None:
    """Each command of the surface is compared or tested, and each row names one."""
    public = {name for name, _ in inspect.getmembers(Commands, callable) if name[0] != "_"}
    assert public - {"mro"} == _tested()


def test_every_command_is_typed_and_documented() -> None:
    """Each has types, and a docstring that names its parameters."""
    for owner in (CommandGroups, Commands, ConnectionCommands):
        for name, method in inspect.getmembers(owner, inspect.isfunction):
            if name[0] == "_":
                continue
            surface = getattr(Commands, name, method)
            if surface is ConnectionCommands.handleTransactionData:
                # txredisapi's, for programs that call it: no command.
                continue
            parameters = inspect.signature(surface).parameters
            text = inspect.getdoc(surface) or ""
            assert "return" in surface.__annotations__, name
            for parameter in [*parameters][1:]:
                assert f"{parameter}:" in text, (name, parameter)
