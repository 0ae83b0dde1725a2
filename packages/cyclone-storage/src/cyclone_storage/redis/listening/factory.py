"""Factories of connections on which the server speaks by itself: one connection, again and again."""

from collections.abc import Callable
from typing import Any

from cyclone_storage.redis.pool.factory import RedisFactory
from cyclone_storage.redis.pool.handler import ConnectionHandler

__all__ = ["ListeningFactory"]


class ListeningFactory(RedisFactory):
    """Makes one connection to listen on; its classes set `protocol`.

    It is used with `reactor.connectTCP(host, port, factory)`, or `startConnecting(endpoint)`.
    """

    def __init__(
        self,
        isLazy: bool = False,  # noqa: N803 -- txredisapi's name
        handler: Callable[[RedisFactory], ConnectionHandler] = ConnectionHandler,
        **options: Any,  # noqa: ANN401 -- those of the base
    ) -> None:
        """Make a factory without a connection.

        Args:
            isLazy: As of `RedisFactory`.
            handler: As of `RedisFactory`.
            options: Those of `RedisFactory`, by their names: `password`, `username`, `charset`, ….
        """
        super().__init__(None, None, 1, isLazy=isLazy, handler=handler, **options)
