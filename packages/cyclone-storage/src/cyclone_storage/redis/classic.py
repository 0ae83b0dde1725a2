"""txredisapi's protocol, with the types of what is used of it."""

from typing import TYPE_CHECKING, Any

from twisted.internet.protocol import Protocol

__all__ = ["ClassicProtocol"]

if TYPE_CHECKING:

    class ClassicProtocol(Protocol):
        """txredisapi's `BaseRedisProtocol`."""

        charset: str | None
        errors: str
        password: str | None
        username: str | None
        dbid: int | None
        convertNumbers: bool
        replyTimeout: float | None
        paused: bool
        inTransaction: bool
        inMulti: bool
        pendingTransaction: bool
        pipelining: bool
        pipelined_commands: list[bytes]
        pipelined_replies: list[Any]
        post_proc: list[Any]
        script_hashes: set[str]
        _ready: bool
        _waiting_for_connect: list[Any]
        _waiting_for_disconnect: list[Any]

        def __init__(  # noqa: D107
            self,
            charset: str | None,
            errors: str,
            replyTimeout: float | None,  # noqa: N803
            password: str | None,
            dbid: int | None,
            convertNumbers: bool,  # noqa: N803
            username: str | None,
        ) -> None: ...

        def pauseProducing(self) -> None:
            """Take no data for a while."""

        def resumeProducing(self) -> None:
            """Take data again."""

else:
    from txredisapi import BaseRedisProtocol as ClassicProtocol
