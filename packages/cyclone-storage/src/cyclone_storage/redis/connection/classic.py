"""txredisapi's protocol, with the types of what is used of it."""

from typing import TYPE_CHECKING, Any

__all__ = ["ClassicProtocol"]

if TYPE_CHECKING:
    from twisted.internet.protocol import Protocol

    class ClassicProtocol(Protocol):
        """txredisapi's `BaseRedisProtocol`."""

        charset: str | None
        errors: str
        password: str | None
        username: str | None
        dbid: int | None
        convertNumbers: bool  # noqa: N815 -- txredisapi's name
        replyTimeout: float | None  # noqa: N815 -- txredisapi's name
        paused: bool
        inTransaction: bool  # noqa: N815 -- txredisapi's name
        inMulti: bool  # noqa: N815 -- txredisapi's name
        pendingTransaction: bool  # noqa: N815 -- txredisapi's name
        pipelining: bool
        pipelined_commands: list[bytes]
        pipelined_replies: list[Any]
        post_proc: list[Any]
        script_hashes: set[str]
        _ready: bool
        _waiting_for_connect: list[Any]
        _waiting_for_disconnect: list[Any]

        def __init__(
            self,
            charset: str | None,
            errors: str,
            replyTimeout: float | None,  # noqa: N803 -- txredisapi's name
            password: str | None,
            dbid: int | None,
            convertNumbers: bool,  # noqa: N803 -- txredisapi's name
            username: str | None,
        ) -> None: ...

        def pauseProducing(self) -> None:
            """Take no data for a while."""

        def resumeProducing(self) -> None:
            """Take data again."""

else:
    from txredisapi import BaseRedisProtocol as ClassicProtocol
