"""One connection to a Redis server."""

from collections.abc import Callable
from itertools import product
from typing import Any, ClassVar, Final, Self, cast

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from cyclone_storage.redis.commands import ConnectionCommands
from cyclone_storage.redis.commands.shapes import Misshapen
from cyclone_storage.redis.connection.classic import ClassicProtocol
from cyclone_storage.redis.connection.conversion import (
    build_command,
    convert_reply,
    make_converter,
    make_encoder,
)
from cyclone_storage.redis.connection.losses import describe_loss, describe_peer, fail_command
from cyclone_storage.redis.connection.reply_queue import ReplyQueue
from cyclone_storage.redis.connection.resp import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_LINE,
    MAX_REPLY_SIZE,
    PENDING,
    ReplyReader,
)
from cyclone_storage.redis.errors import (
    AuthenticationError,
    ConnectionError,  # noqa: A004 -- txredisapi's name
    HandshakeError,
    InvalidResponse,
    ProtocolError,
    RedisError,
    ResponseError,
    TimeoutError,  # noqa: A004 -- txredisapi's name
)
from cyclone_storage.redis.types import Reply, Result

__all__ = ["BaseRedisProtocol", "RedisProtocol"]

HANDSHAKE_TIMEOUT: Final = 10.0
"""Seconds within which a server has to answer what a connection begins with."""

# What a server answers to anything while it is full, or starts.
_TRANSIENT: Final = ("max number of clients", "LOADING", "BUSY", "MASTERDOWN")

# RESP3 begins with it. All its spellings: to look one up is faster than to change the case of each name.
_HELLOS: Final = frozenset(map("".join, product(*zip("HELLO", "hello", strict=True))))
_REFUSED: Final = _HELLOS | {name.encode() for name in _HELLOS}


class BaseRedisProtocol(ClassicProtocol):
    """Sends commands, and gives each its reply.

    It is txredisapi's with other parts below: a reader that is bounded (`ReplyReader`), one Deferred for
    each command, one timer for all of them, and errors that say what happened.

    A connection can be used when `whenConnected()` has fired: when the server has accepted the password,
    the database and the name, or has answered a `PING`; over TLS it has proved who it is by then.

    Attributes:
        factory: What has made it.
        charset: How text is encoded and decoded.
        connected: Whether commands can be sent.
        host: Where it leads, for people: `127.0.0.1:6379`, or the path of a socket.
        problem: Why the connection cannot be used, once that is known.
    """

    MAX_LENGTH: ClassVar[int] = MAX_LINE

    def __init__(
        self,
        charset: str | None = "utf-8",
        errors: str = "strict",
        replyTimeout: float | None = None,  # noqa: N803 -- txredisapi's name
        password: str | None = None,
        dbid: int | None = None,
        convertNumbers: bool = True,  # noqa: N803 -- txredisapi's name
        username: str | None = None,
        *,
        client_name: str | None = None,
        max_reply_size: int = MAX_REPLY_SIZE,
        max_elements: int = MAX_ELEMENTS,
        max_depth: int = MAX_DEPTH,
        clock: IReactorTime | None = None,
    ) -> None:
        """Prepare a connection.

        Args:
            charset: How text is encoded and decoded; None: replies are `bytes`.
            errors: What is done with text that cannot be encoded (`str.encode`).
            replyTimeout: Seconds within which each reply has to come; None: no bound.
            password: The password.
            dbid: The number of the database; None: the first.
            convertNumbers: Whether a reply that looks like a number becomes one.
            username: The user of the password (Redis 6); None: the default one.
            client_name: What the server's `CLIENT LIST` calls the connection.
            max_reply_size: Bytes that one reply may have.
            max_elements: Elements that one reply may have, inner ones included.
            max_depth: Arrays that may be within each other in a reply.
            clock: What measures time; None: the reactor.

        Raises:
            ValueError: A bound is below one.
        """
        super().__init__(charset, errors, replyTimeout, password, dbid, convertNumbers, username)
        self.client_name = client_name
        self.host = "nowhere"
        self.problem: Exception | None = None
        self.replyQueue = ReplyQueue(late=self._late, unexpected=self._unexpected, clock=clock)
        self._reader = ReplyReader(
            max_reply_size=max_reply_size,
            max_elements=max_elements,
            max_depth=max_depth,
            max_line=self.MAX_LENGTH,
        )
        self._encode = make_encoder(charset, errors)
        if type(self).tryConvertData is BaseRedisProtocol.tryConvertData:
            self._convert = make_converter(charset, numbers=convertNumbers)
        else:
            self._convert = self.tryConvertData

    # State

    @property
    def in_flight(self) -> int:
        """How many commands wait for a reply."""
        return len(self.replyQueue.waiting)

    def whenConnected(self) -> "Deferred[Self]":  # noqa: N802 -- txredisapi's name
        """Wait until the connection can be used.

        Returns:
            A Deferred of this protocol; it fails with `problem` if that will never be.
        """
        if self._ready:
            return succeed(self)
        if self.problem is not None:
            return fail(self.problem)
        waiting: Deferred[Self] = Deferred()
        self._waiting_for_connect.append(waiting)
        return waiting

    # From the transport

    def connectionMade(self) -> None:
        """Give the server the password, the database and the name (Twisted: `BaseProtocol`)."""
        transport = cast("Any", self.transport)
        self.host = describe_peer(transport.getPeer())
        steps = self._handshake()
        if not steps:
            self._become_ready(None)
            return
        for number, (words, complain) in enumerate(steps, 1):
            step = self.execute_command(*words, reply_timeout=self._handshake_timeout)
            step.addCallback(self._become_ready if number == len(steps) else _nothing)
            step.addErrback(self._refuse, complain)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """Fail what waits (Twisted: `IProtocol`)."""
        self.connected = 0
        self._ready = False
        self.script_hashes.clear()
        if self.problem is None:
            self.problem = describe_loss(cast("BaseException", reason.value), self.host)
        # Who keeps connections is told first: those who try again at once get another one.
        ended, self._waiting_for_disconnect = self._waiting_for_disconnect, []
        for waiting in ended:
            waiting.callback(self)
        self._fail_all(self.problem)

    def dataReceived(self, data: bytes, unpause: bool = False) -> None:  # noqa: ARG002
        """Take what has come (Twisted: `IProtocol`).

        Args:
            data: The bytes.
            unpause: As in txredisapi; not used.
        """
        next_reply = self._reader.next_reply
        self._reader.feed(data)
        while not self.paused and self.connected:
            try:
                reply = next_reply()
            except InvalidResponse as error:
                self.drop(error)
                return
            if reply is PENDING:
                return
            self.replyReceived(convert_reply(reply, self._convert))

    # To be overridden, as in txredisapi

    def replyReceived(self, reply: Any) -> None:  # noqa: ANN401, N802
        """Take a reply, after conversion; subscribers override it.

        Args:
            reply: The reply; an exception if it is an error.
        """
        self.replyQueue.put(reply)

    def tryConvertData(self, data: bytes) -> Reply:  # noqa: N802 -- txredisapi's name
        """Make a value of a bulk string; a class of one's own may do it otherwise.

        Args:
            data: The string.

        Returns:
            A number, text or the same.
        """
        return self._convert(data)

    # Commands

    def execute_command(
        self,
        *args: Any,  # noqa: ANN401
        apply_timeout: bool = True,
        reply_timeout: float | None = None,
        post_proc: Callable[[Any], Any] | None = None,
    ) -> "Deferred[Any]":
        """Send a command.

        Cancelling the Deferred does not take the command back: its reply is thrown away.

        Args:
            args: Its name, and what belongs to it.
            apply_timeout: Whether `replyTimeout` holds for it: not if it waits in the server.
            reply_timeout: Another bound, in seconds, in place of `replyTimeout`.
            post_proc: Makes the result of the reply; in a transaction, of the reply in that of `EXEC`.

        Returns:
            A Deferred of the reply. It fails with `ResponseError` if that is an error, and with
            `ConnectionError` if there is no connection, or none any more.

        Raises:
            InvalidData: An argument cannot be encoded.
            RedisError: It is `HELLO`: RESP3 is not spoken here.
            TypeError: There is no name, or it is neither `str` nor `bytes`.
        """
        if not args or not isinstance(args[0], (str, bytes)):
            raise TypeError(
                "execute_command() needs the name of a command as str or bytes first, as 'PING'"
            )
        if args[0] in _REFUSED:
            raise RedisError(
                "HELLO is not sent: it changes the protocol, and only RESP2 is spoken here. The password,"
                " the user and the name of a connection are given when it is made."
            )
        command = build_command(args, self._encode)
        if self.connected:
            result: Deferred[Any] = Deferred()
            self.replyQueue.waiting.append(result)
            if self.pipelining:
                self.pipelined_commands.append(command)
            else:
                self.transport.write(command)  # type: ignore[union-attr]
                if reply_timeout is None and apply_timeout:
                    reply_timeout = self.replyTimeout
                if reply_timeout:
                    self.replyQueue.expect(result, reply_timeout)
        else:
            result = fail(self._not_connected())
        if self.pipelining:
            self.pipelined_replies.append(result)
        if self.inMulti:
            self.post_proc.append(post_proc)
        elif post_proc is not None:
            result.addCallback(self._finish, post_proc, args[0])
        return result

    def _finish(
        self,
        reply: Any,  # noqa: ANN401
        post_proc: Callable[[Any], Any],
        name: str | bytes,
    ) -> Any:  # noqa: ANN401
        try:
            return post_proc(reply)
        except Misshapen as error:
            command = name if isinstance(name, str) else name.decode("ascii", "replace")
            raise self._distrust(command, str(error)) from None

    def _distrust(self, command: str, problem: str) -> InvalidResponse:
        """Give the connection up after a reply that is none of its command: replies are out of step.

        Args:
            command: The command.
            problem: What is wrong with its reply.

        Returns:
            The error of the command; all others meet the end of their connection.
        """
        about = f"what came as the reply to {command} cannot be used"
        self.drop(ConnectionError(f"Connection to Redis at {self.host} was given up ({about})"))
        return InvalidResponse(
            f"The Redis server at {self.host}: {about}: {problem}. The connection was closed, as the replies"
            " may be those of other commands."
        )

    def drop(self, problem: RedisError) -> None:
        """Give the connection up: nothing that comes on it can be trusted, or nothing comes.

        Args:
            problem: Why; what waits fails with it.
        """
        self.connected = 0
        self._ready = False
        if self.problem is None:
            self.problem = problem
        self.transport.abortConnection()  # type: ignore[union-attr]
        self._fail_all(problem)

    # Inside

    @property
    def _handshake_timeout(self) -> float:
        return self.replyTimeout or HANDSHAKE_TIMEOUT

    def _handshake(self) -> list[tuple[tuple[Any, ...], Callable[[str], HandshakeError]]]:
        """Return what a connection begins with, and what is said if the server refuses it.

        All is sent at once: one round trip.
        """
        steps: list[tuple[tuple[Any, ...], Callable[[str], HandshakeError]]] = []
        if self.password is not None:
            user = (self.username,) if self.username else ()
            steps.append((("AUTH", *user, self.password), self._wrong_password))
        if self.client_name is not None:
            steps.append((("CLIENT", "SETNAME", self.client_name), self._wrong_name))
        if self.dbid is not None:
            steps.append((("SELECT", self.dbid), self._wrong_database))
        return steps

    def _wrong_password(self, said: str) -> HandshakeError:
        whose = f"of the user {self.username!r}" if self.username else "that it was given"
        return AuthenticationError(
            f"The Redis server at {self.host} does not accept the password {whose}: {said}"
        )

    def _wrong_name(self, said: str) -> HandshakeError:
        return HandshakeError(
            f"The Redis server at {self.host} does not accept the client_name {self.client_name!r}: {said}"
        )

    def _wrong_database(self, said: str) -> HandshakeError:
        return HandshakeError(
            f"The Redis server at {self.host} could not set dbid={self.dbid}: {said}"
        )

    def _refuse(self, failure: Failure, complain: Callable[[str], HandshakeError]) -> None:
        if self.problem is not None or not failure.check(ResponseError):
            return  # known already, or connectionLost says more
        said = str(failure.value)
        if said.startswith(_TRANSIENT):
            # Nothing is wrong with what was sent: to try again later is all that helps.
            self.drop(
                ConnectionError(
                    f"The Redis server at {self.host} cannot be used at present: {said}"
                )
            )
            return
        if failure.check(AuthenticationError) and self.password is None:
            complain = self._no_password
        problem = complain(said)
        report = getattr(self.factory, "connectionError", None)
        if report is not None:
            report(problem)
        self.drop(problem)

    def _no_password(self, said: str) -> HandshakeError:
        return AuthenticationError(
            f"The Redis server at {self.host} wants a password, and was given none: {said}"
        )

    def _become_ready(self, _: object) -> None:
        self._ready = True
        waiting, self._waiting_for_connect = self._waiting_for_connect, []
        for each in waiting:
            each.callback(self)

    def _fail_all(self, problem: Exception) -> None:
        count = self.in_flight
        self.replyQueue.fail(lambda position: fail_command(problem, position, count))
        waiting, self._waiting_for_connect = self._waiting_for_connect, []
        for each in waiting:
            each.errback(problem)
            # Who waits has it now; who only wanted to be told of the contrary need not see it logged.
            each.addErrback(_nothing)

    def _not_connected(self) -> RedisError:
        if self.problem is None:
            return ConnectionError("Not connected")
        return ConnectionError(f"Not connected: {self.problem}")

    def _late(self, seconds: float) -> None:
        self.drop(
            TimeoutError(
                f"The Redis server at {self.host} has not answered within {seconds:g} s (replyTimeout)"
            )
        )

    def _unexpected(self, reply: object) -> None:
        # An error is no secret: "max number of clients reached" is sent so.
        what = f"the error {str(reply)!r}" if isinstance(reply, ResponseError) else "a reply"
        self.drop(
            ProtocolError(
                f"The Redis server at {self.host} has sent {what} that belongs to no command"
            )
        )

    def _encode_value(self, arg: object) -> bytes:
        """Encode an argument (txredisapi's name)."""
        return self._encode(arg)

    def _build_command(self, *args: Any) -> bytes:  # noqa: ANN401
        """Build a command (txredisapi's name)."""
        return build_command(args, self._encode)


class RedisProtocol(ConnectionCommands, BaseRedisProtocol):
    """One connection to a Redis server, with all the commands."""

    def execute_pipeline(self) -> "Deferred[list[Result]]":
        """Send what was collected since `pipeline()`; the time of the replies begins now.

        Returns:
            A Deferred of their replies; it fails as the first that does.
        """
        if self.pipelining and self.replyTimeout:
            for result in self.pipelined_replies:
                if not result.called:
                    self.replyQueue.expect(result, self.replyTimeout)
        return super().execute_pipeline()


def _nothing(_: object) -> None:
    """End a chain."""
