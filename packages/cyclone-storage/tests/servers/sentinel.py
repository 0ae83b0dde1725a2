"""Real Redis sentinels, and the servers that they watch."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import RedisError

from .processes import Server, find_program, free_port, until, writable_directory
from .redis import RedisServer

__all__ = ["RedisSentinel", "Watched", "client"]


@contextmanager
def client(port: int, **options: str) -> Iterator[Redis]:
    """Give a client that knows nothing of the one that is tested.

    Args:
        port: The server's port of 127.0.0.1.
        options: Further arguments of redis-py's client.
    """
    connected = Redis(port=port, decode_responses=True, **options)  # type: ignore[call-overload]
    try:
        yield connected
    finally:
        connected.close()


class RedisSentinel(Server):
    """A `redis-sentinel` on a port of 127.0.0.1, which looks more often than one in production.

    Attributes:
        port: Its port.
    """

    def __init__(
        self,
        service: str,
        master: int,
        patience: int,
        *,
        password: str | None = None,
        master_password: str | None = None,
    ) -> None:
        """Start it.

        Args:
            service: The name of what it watches.
            master: The port of the master.
            patience: Milliseconds without a word after which it believes that the master is down.
                Where each has another one, no two want to lead the failover, and none has to wait.
            password: What clients and other sentinels have to send.
            master_password: What the master wants.
        """
        super().__init__(writable_directory("sentinel"))
        self.port = free_port()
        self._password = password
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"dir {self.directory}",
            f"sentinel monitor {service} 127.0.0.1 {master} 1",
            f"sentinel down-after-milliseconds {service} {patience}",
            f"sentinel failover-timeout {service} 2000",
        ]
        if password is not None:
            lines += [f"requirepass {password}", f"sentinel sentinel-pass {password}"]
        if master_password is not None:
            lines.append(f"sentinel auth-pass {service} {master_password}")
        configuration = self.directory / "sentinel.conf"
        configuration.write_text("\n".join([*lines, ""]))
        configuration.chmod(0o666)
        self.start()

    def start(self) -> None:
        """Start it, also again, and wait until it answers."""
        path = str(self.directory / "sentinel.conf")
        self.launch([find_program("redis-sentinel"), path])
        until("redis-sentinel that answers", lambda: self.alive() and self._hurry())

    def _hurry(self) -> bool:
        """Let it look every 100 to 200 ms; seconds are its habit."""
        try:
            with client(
                self.port, **({"password": self._password} if self._password else {})
            ) as asked:
                periods = {"INFO": 200, "PUBLISH": 100, "PING": 100, "ASK": 100}
                # A busy machine makes it believe that its clock has jumped: it would rest for 30 s.
                asked.execute_command("SENTINEL", "DEBUG", "TILT-TRIGGER", 60_000)
                for name, milliseconds in periods.items():
                    asked.execute_command("SENTINEL", "DEBUG", f"{name}-PERIOD", milliseconds)
        except RedisError:
            return False
        return True


class Watched:
    """A master, replicas of it, and sentinels that watch them.

    Attributes:
        service: The name under which the sentinels know it.
        servers: The servers; the first one was the master in the beginning.
        sentinels: The sentinels.
    """

    def __init__(
        self,
        service: str = "books",
        replicas: int = 1,
        sentinels: int = 3,
        password: str | None = None,
        sentinel_password: str | None = None,
    ) -> None:
        """Start them, and wait until all know each other.

        Args:
            service: The name.
            replicas: How many replicas.
            sentinels: How many sentinels.
            password: What the servers want.
            sentinel_password: What the sentinels want.
        """
        self.service = service
        self._password = {"password": password} if password else {}
        self._sentinel_password = {"password": sentinel_password} if sentinel_password else {}
        self.servers: list[RedisServer] = []
        self.sentinels: list[RedisSentinel] = []
        try:
            self._start(replicas, sentinels, password, sentinel_password)
        except BaseException:
            self.close()
            raise

    def _start(
        self, replicas: int, sentinels: int, password: str | None, sentinel_password: str | None
    ) -> None:
        options = {"repl_diskless_sync_delay": "0", "repl_timeout": "5"}
        if password is not None:
            options |= {"requirepass": password, "masterauth": password}
        for _ in range(1 + replicas):
            self.servers.append(RedisServer(**options))
        for server in self.servers[1:]:
            with client(server.port, **self._password) as asked:
                asked.replicaof("127.0.0.1", self.servers[0].port)
        for number in range(sentinels):
            self.sentinels.append(
                RedisSentinel(
                    self.service,
                    self.servers[0].port,
                    300 + 300 * number,
                    password=sentinel_password,
                    master_password=password,
                )
            )
        until("sentinels that know all", self._complete)
        for sentinel in self.sentinels:
            with client(sentinel.port, **self._sentinel_password) as asked:
                # Four periods after it has become a master, others would make a new one a replica again.
                asked.execute_command("SENTINEL", "DEBUG", "PUBLISH-PERIOD", 600)

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """The addresses of the sentinels."""
        return [("127.0.0.1", sentinel.port) for sentinel in self.sentinels]

    def master(self) -> RedisServer:
        """Return the server that the sentinels hold for the master; those that run are asked."""
        found = [self._state(each)["port"] for each in self.sentinels if each.process is not None]
        return next(server for server in self.servers if server.port == found[0])

    def fail_over(self) -> None:
        """Let the sentinels make a replica the master though the master runs."""
        with client(self.sentinels[0].port, **self._sentinel_password) as asked:
            asked.execute_command("SENTINEL", "FAILOVER", self.service)

    def close(self) -> None:
        """End all."""
        for each in [*self.sentinels, *self.servers]:
            each.close()

    def _state(self, sentinel: RedisSentinel) -> dict[str, int]:
        with client(sentinel.port, **self._sentinel_password) as asked:
            state: dict[str, int] = asked.sentinel_master(self.service)
            return state

    def _complete(self) -> bool:
        others = len(self.sentinels) - 1
        states = [self._state(each) for each in self.sentinels]
        if any(state["num-other-sentinels"] != others for state in states):
            return False
        for sentinel in self.sentinels:
            with client(sentinel.port, **self._sentinel_password) as asked:
                found = asked.sentinel_slaves(self.service)
            usable = [each for each in found if each["master-link-status"] == "ok"]
            if len(usable) != len(self.servers) - 1:
                return False
        return True
