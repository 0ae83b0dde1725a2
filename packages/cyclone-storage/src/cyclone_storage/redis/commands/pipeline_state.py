"""Commands that are sent together on one connection."""

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredList, fail, succeed

from cyclone_storage.redis.errors import RedisError
from cyclone_storage.redis.types import Result

T = TypeVar("T")

__all__ = ["PipelineState"]


class PipelineState:
    """A pipeline as txredisapi has it.

    Attributes:
        pipelining: Whether commands wait to be sent together.
        pipelined_commands: What is to be sent.
        pipelined_replies: What fires with their replies.
    """

    factory: Any
    transport: Any
    execute_command: Callable[..., Deferred[Any]]
    inTransaction: bool  # noqa: N815 -- txredisapi's name
    pipelining: bool
    pipelined_commands: list[bytes]
    pipelined_replies: list[Deferred[Any]]

    def pipeline(self) -> Deferred[Any]:
        """Begin to collect commands; the connection is one's own until they are sent."""
        if self.pipelining:
            return fail(
                RedisError("a pipeline is open on this connection: call execute_pipeline() first")
            )
        self.pipelining = True
        self.pipelined_commands = []
        self.pipelined_replies = []
        return succeed(self)

    def execute_pipeline(self) -> Deferred[list[Result]]:
        """Send what was collected, and give the connection back after the replies."""
        if not self.pipelining:
            return fail(
                RedisError(
                    "Not currently pipelining commands: execute_pipeline() belongs to what pipeline() "
                    "gave, once, and not to the pool"
                )
            )
        self.transport.write(b"".join(self.pipelined_commands))
        waiting: Deferred[Any] = DeferredList(
            self.pipelined_replies, fireOnOneErrback=True, consumeErrors=True
        )
        waiting.addBoth(self._clear_pipeline_state)
        return waiting.addCallback(lambda pairs: [value for _, value in pairs])

    def _clear_pipeline_state(self, result: T) -> T:
        self.pipelining = False
        self.pipelined_commands = []
        self.pipelined_replies = []
        if not self.inTransaction:
            self.factory.connectionQueue.put(self)
        return result
