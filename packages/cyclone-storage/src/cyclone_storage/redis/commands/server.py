"""Commands on the server and on connections."""

import warnings

from twisted.internet.defer import Deferred

from cyclone_storage.redis.commands.replies import info as as_info
from cyclone_storage.redis.commands.replies import integers, mapping, records
from cyclone_storage.redis.commands.runner import CommandRunner
from cyclone_storage.redis.commands.words import listed, option
from cyclone_storage.redis.types import Key, Reply, Value

__all__ = ["ServerCommands"]


class ServerCommands(CommandRunner):
    """Commands on the server and on connections."""

    __slots__ = ()

    def quit(self) -> Deferred[str]:
        """End a connection, and do not come back; a pool is ended by `disconnect`.

        Returns:
            `"OK"`.
        """
        return self._run("quit")

    def auth(self, password: str, username: str | None = None) -> Deferred[str]:
        """Sign in; a pool does so on all its connections.

        Args:
            password: The password.
            username: The user (Redis 6); None: the default one.

        Returns:
            `"OK"`.

        Raises:
            ResponseError: The password is wrong, or there is none.
        """
        return self._run("execute_command", "AUTH", *listed(username or ()), password)

    def ping(self, message: Value | None = None) -> Deferred[Value]:
        """Have the server answer.

        Args:
            message: What to answer.

        Returns:
            `"PONG"`, or the message.
        """
        return self._run("execute_command", "PING", *listed(() if message is None else message))

    def select(self, index: int) -> Deferred[str]:
        """Change the database; a pool does so on all its connections.

        Args:
            index: The number of the database.

        Returns:
            `"OK"`.
        """
        return self._run("execute_command", "SELECT", index)

    def dbsize(self) -> Deferred[int]:
        """Count the keys of the database.

        Returns:
            How many.
        """
        return self._run("execute_command", "DBSIZE")

    def flush(self, all_dbs: bool = False) -> Deferred[str]:
        """Delete all keys; deprecated: `flushdb` and `flushall` say which.

        Args:
            all_dbs: Whether those of all databases.

        Returns:
            `"OK"`.
        """
        warnings.warn(
            "flush() is deprecated: use flushdb() or flushall()", DeprecationWarning, stacklevel=2
        )
        return self.flushall() if all_dbs else self.flushdb()

    def flushdb(self, mode: str | None = None) -> Deferred[str]:
        """Delete all keys of the database.

        Args:
            mode: `"SYNC"` or `"ASYNC"`.

        Returns:
            `"OK"`.
        """
        return self._run("execute_command", "FLUSHDB", *listed(mode or ()))

    def flushall(self, mode: str | None = None) -> Deferred[str]:
        """Delete all keys of all databases.

        Args:
            mode: `"SYNC"` or `"ASYNC"`.

        Returns:
            `"OK"`.
        """
        return self._run("execute_command", "FLUSHALL", *listed(mode or ()))

    def time(self) -> Deferred[list[int]]:
        """Give the server's time.

        Returns:
            Seconds since 1970, and microseconds.
        """
        return self._run("execute_command", "TIME", post_proc=integers)

    def info(
        self,
        type: str | None = None,  # noqa: A002 -- txredisapi's name
    ) -> Deferred[dict[str, str]]:
        """Tell about the server.

        Args:
            type: A section, as `"memory"`; None: the usual ones.

        Returns:
            Names and values, which are text.
        """
        return self._run("execute_command", "INFO", *listed(type or ()), post_proc=as_info)

    def save(self) -> Deferred[str]:
        """Write the data to the disk; the server does nothing else meanwhile.

        Returns:
            `"OK"`.
        """
        return self._run("execute_command", "SAVE")

    def bgsave(self) -> Deferred[str]:
        """Write the data to the disk in another process.

        Returns:
            That it has begun.
        """
        return self._run("execute_command", "BGSAVE")

    def bgrewriteaof(self) -> Deferred[str]:
        """Write the append-only file anew in another process.

        Returns:
            That it has begun.
        """
        return self._run("execute_command", "BGREWRITEAOF")

    def lastsave(self) -> Deferred[int]:
        """Tell when the data was written to the disk.

        Returns:
            Seconds since 1970.
        """
        return self._run("execute_command", "LASTSAVE")

    def shutdown(self, mode: str | None = None) -> Deferred[None]:
        """End the server; the connection does not come back.

        Args:
            mode: `"SAVE"`, `"NOSAVE"`, or None: as the server's configuration has it.

        Raises:
            ResponseError: The server goes on, as it could not save.
        """
        return self._run("shutdown", mode)

    def role(self) -> Deferred[list[Reply]]:
        """Tell what the server is to others.

        Returns:
            `"master"`, `"slave"` or `"sentinel"`, and what belongs to that.
        """
        return self._run("execute_command", "ROLE")

    def config_get(self, pattern: str = "*") -> Deferred[dict[str, Value]]:
        """Give directives of the server's configuration.

        Args:
            pattern: A glob pattern of names.

        Returns:
            Names and values.
        """
        return self._run("execute_command", "CONFIG", "GET", pattern, post_proc=mapping)

    def config_set(self, name: str, value: Value) -> Deferred[str]:
        """Set a directive of the server's configuration.

        Args:
            name: Its name.
            value: The value.

        Returns:
            `"OK"`.
        """
        return self._run("execute_command", "CONFIG", "SET", name, value)

    def config_resetstat(self) -> Deferred[str]:
        """Set the server's counters to 0.

        Returns:
            `"OK"`.
        """
        return self._run("execute_command", "CONFIG", "RESETSTAT")

    def client_id(self) -> Deferred[int]:
        """Give the number of the connection; of a pool that of any.

        Returns:
            The number.
        """
        return self._run("execute_command", "CLIENT", "ID")

    def client_getname(self) -> Deferred[Value | None]:
        """Give the name of the connection; of a pool that of any.

        Returns:
            The name, or None if it has none.
        """
        return self._run("execute_command", "CLIENT", "GETNAME")

    def client_list(
        self,
        type: str | None = None,  # noqa: A002 -- txredisapi's name
    ) -> Deferred[list[dict[str, str]]]:
        """Tell about the server's connections.

        Args:
            type: `"normal"`, `"master"`, `"replica"` or `"pubsub"`; None: all.

        Returns:
            Names and values of each, which are text.
        """
        return self._run(
            "execute_command", "CLIENT", "LIST", *option("TYPE", type), post_proc=records
        )

    def client_kill(
        self,
        id: int,  # noqa: A002 -- txredisapi's name
    ) -> Deferred[int]:
        """End a connection.

        Args:
            id: Its number.

        Returns:
            How many were ended, 0 or 1.
        """
        return self._run("execute_command", "CLIENT", "KILL", "ID", id)

    def acl_whoami(self) -> Deferred[Value]:
        """Give the user of the connection.

        Returns:
            The name.
        """
        return self._run("execute_command", "ACL", "WHOAMI")

    def slowlog_get(self, count: int | None = None) -> Deferred[list[Reply]]:
        """Give the commands that took long.

        Args:
            count: How many.

        Returns:
            The number, time, microseconds and words of each, and the client.
        """
        return self._run(
            "execute_command", "SLOWLOG", "GET", *listed(() if count is None else count)
        )

    def slowlog_len(self) -> Deferred[int]:
        """Count the commands that took long.

        Returns:
            How many are kept.
        """
        return self._run("execute_command", "SLOWLOG", "LEN")

    def slowlog_reset(self) -> Deferred[str]:
        """Forget the commands that took long.

        Returns:
            `"OK"`.
        """
        return self._run("execute_command", "SLOWLOG", "RESET")

    def swapdb(self, first: int, second: int) -> Deferred[str]:
        """Swap two databases.

        Args:
            first: The number of one.
            second: The number of the other.

        Returns:
            `"OK"`.
        """
        return self._run("execute_command", "SWAPDB", first, second)

    def wait(self, replicas: int, timeout: int = 0) -> Deferred[int]:
        """Wait until replicas have what this connection has written; a pool's connection may be another.

        Args:
            replicas: How many of them.
            timeout: Milliseconds to wait; 0: without end.

        Returns:
            How many have it.
        """
        return self._run_blocking("WAIT", replicas, timeout)

    def publish(self, channel: Key, message: Value) -> Deferred[int]:
        """Send a message to whoever subscribes to a channel.

        Args:
            channel: The channel.
            message: The message.

        Returns:
            How many have got it.
        """
        return self._run("execute_command", "PUBLISH", channel, message)

    def pubsub_channels(self, pattern: Key = "*") -> Deferred[list[Value]]:
        """Give the channels that somebody subscribes to.

        Args:
            pattern: A glob pattern.

        Returns:
            The channels.
        """
        return self._run("execute_command", "PUBSUB", "CHANNELS", pattern)

    def pubsub_numsub(self, *channels: Key) -> Deferred[dict[Value, int]]:
        """Tell how many subscribe to channels.

        Args:
            channels: The channels.

        Returns:
            How many, by channel.
        """
        return self._run("execute_command", "PUBSUB", "NUMSUB", *channels, post_proc=mapping)

    def pubsub_numpat(self) -> Deferred[int]:
        """Tell to how many patterns somebody subscribes.

        Returns:
            How many.
        """
        return self._run("execute_command", "PUBSUB", "NUMPAT")
