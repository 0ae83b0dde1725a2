"""One request's way to its session: finding it, and saving it before the head of the answer.

Theory of operation. A save names the revision that was loaded, and the store takes it only if that is still
there. If it is not, another request of the same session was faster, and there are three cases:

* It has saved values: ours are applied to its, key by key, and saved again.
  If together they are larger than the bound, ours are refused.
* It has destroyed the session, signed out for example: what we have set is dropped. A session that is
  deleted never comes back.
* It has rotated the session, signed in for example: likewise, as whoever planted the id that we came with
  must have no hand in what it became. A request that comes with that id a moment later sees an empty
  session that is not saved: a new one would take the place of the cookie that the browser has just got.

Requests of this process that save the same session take turns.

In the last two cases a request that rotates as well begins a session of its own, in which is only what it
has set itself: somebody who has clicked on "sign in" twice is signed in.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final
from weakref import ref

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from cyclone_storage.coroutines import asked
from cyclone_storage.errors import StorageUnavailable
from cyclone_storage.sessions.errors import SessionClosed, SessionTooLarge
from cyclone_storage.sessions.identifiers import SessionId, new_revision
from cyclone_storage.sessions.policy import SessionPolicy
from cyclone_storage.sessions.protocols import RequestHandlerLike, SessionStore, StoredSession
from cyclone_storage.sessions.record import Record
from cyclone_storage.sessions.session import Session, SessionState
from cyclone_storage.sessions.turns import Turn
from cyclone_storage.sessions.values import EMPTY, changes, decode, encode, merge

__all__ = ["SessionAccess"]

_log = Logger(namespace="cyclone.sessions")

_SERVER_ERROR: Final = 500

# With each attempt somebody else has succeeded: only a flood of requests for one session gets here.
_MOST_ATTEMPTS: Final = 100

# The only format of signed values that binds the name to the value.
_SIGNED_VALUE_VERSION: Final = 2


class SessionAccess:
    """Finds and saves the session of one request."""

    __slots__ = (
        "__weakref__",
        "_assigned",
        "_base",
        "_handler",
        "_id",
        "_policy",
        "_record",
        "_revision",
        "_sent",
        "_session",
        "_state",
        "_store",
        "_superseded",
        "_waiting",
        "_watched",
        "_watched_once",
    )

    def __init__(
        self, handler: RequestHandlerLike, store: SessionStore, policy: SessionPolicy
    ) -> None:
        """Make it; nothing is asked yet.

        Args:
            handler: The handler of the request.
            store: Where sessions are.
            policy: The settings.
        """
        # The handler refers to this: a circle would wait for the garbage collector.
        self._handler = ref(handler)
        self._store = store
        self._policy = policy
        self._sent = False  # a cookie came
        self._id: SessionId | None = None
        self._record: Record | None = None  # as it is in the store
        self._revision: str | None = None  # that of the record
        self._base = EMPTY  # the values from which this request goes on
        self._assigned: frozenset[str] = frozenset()  # keys that this request has set
        self._superseded = False  # another request has destroyed or rotated it
        self._session: Session | None = None
        self._state: SessionState | None = None
        self._waiting: list[Deferred[Session]] | None = None
        self._watched = False  # it is saved before the head
        self._watched_once = False

    def get(self, handler: RequestHandlerLike) -> "Deferred[Session]":
        """Find the session, once for all that ask.

        Args:
            handler: The handler of the request.
        """
        if self._session is not None:
            return succeed(self._session)
        waiter: Deferred[Session] = Deferred()
        if self._waiting is not None:
            self._waiting.append(waiter)
            return waiter
        self._waiting = [waiter]
        self.watch_head()
        Deferred.fromCoroutine(self._load(handler)).addCallbacks(self._loaded, self._failed)
        return waiter

    def watch_head(self) -> bool:
        """Make sure that the session is saved before the head of the answer.

        Returns:
            Whether it will be: not if the head is out, or the request is over.
        """
        handler = self._handler()
        if handler is not None and not self._watched:
            try:
                handler.before_headers(self._queue)
            except RuntimeError:
                return False
            self._watched = True
        return handler is not None

    # Loading.

    def _loaded(self, session: Session) -> None:
        waiting, self._waiting = self._waiting or [], None
        for waiter in waiting:
            if not waiter.called:  # it may have been cancelled
                waiter.callback(session)

    def _failed(self, failure: Failure) -> None:
        waiting, self._waiting = self._waiting or [], None
        for waiter in waiting:
            if not waiter.called:
                waiter.errback(failure)

    async def _load(self, handler: RequestHandlerLike) -> Session:
        sent = handler.get_signed_cookie(
            self._policy.cookie_name,
            max_age_days=self._policy.cookie_days,
            min_version=_SIGNED_VALUE_VERSION,
        )
        self._sent = sent is not None
        known = SessionId.parse(sent)
        data = None if known is None else await self._find(known)
        self._state = SessionState(
            {} if data is None else data, _watching(ref(self)), new=data is None
        )
        self._session = Session(self._state)
        return self._session

    async def _find(self, known: SessionId) -> dict[str, Any] | None:
        """Find the values of a session by its id; one that is not its own is not taken."""
        stored = await asked(self._store.load(known.key))
        read = None if stored is None else _read(stored)
        now = self._policy.clock()
        if stored is None or read is None or self._policy.is_over(read[0], now):
            return None
        record, data = read
        if record.digest == known.digest:
            self._id = known
            self._record, self._revision, self._base = record, stored.revision, record.data
            return data
        if self._policy.is_late(record, known.digest, now):
            self._id = known  # to sign out is all that it is good for
            self._superseded = True
        return None

    # Saving.

    def _queue(self) -> None:
        """Save behind all that was to come before the head until now: something of it may fail."""
        handler = self._handler()
        if handler is not None:
            handler.before_headers(self.save)

    async def save(self) -> None:
        """Save what has changed; it is called before the head of the answer.

        Raises:
            SessionTooLarge: The values are larger than the setting allows.
            InvalidSessionValue: Something that JSON does not know was put into a value.
            StorageUnavailable: The store is away.
        """
        self._watched = False
        handler, state = self._handler(), self._state
        if handler is None or state is None:
            return
        if not self._watched_once:
            self._watched_once = True
            handler.add_header("Vary", "Cookie")
        if state.destroying:
            state.destroying = False
            await self._destroy(handler)
        if handler.get_status() >= _SERVER_ERROR:
            return
        rotating, state.rotating = state.rotating, False
        renewing, state.renewing = state.renewing, False
        text = self._text(state)
        if self._record is None or self._id is None:
            if self._superseded:
                await self._supersede(handler, text, rotating=rotating)
            elif text != self._base:
                await self._create(handler, text)
                self._base = text
        elif (
            rotating
            or text != self._base
            or self._policy.is_stale(self._record, self._policy.clock())
        ):
            async with Turn(self._id.key):
                await self._update(handler, text, rotating=rotating, renewing=renewing)

    def _text(self, state: SessionState) -> str:
        if not (state.changed or state.lent):
            return self._base
        state.changed = False
        self._assigned = frozenset(state.assigned)
        return self._bounded(encode(state.data), self._base)

    def _bounded(self, text: str, before: str) -> str:
        """Refuse to store what is larger than the setting allows.

        What is there and larger, because the setting was another one, may get smaller.
        """
        bound = self._policy.max_size
        if len(text) <= bound or len(text) <= len(before):
            return text
        values = decode(text)
        sizes = {key: len(encode({key: each})) for key, each in values.items()}
        largest = max(sizes, key=sizes.__getitem__)
        others = ", with what others have saved at the same time" if before != self._base else ""
        raise SessionTooLarge(
            f"the session has {len(text)} bytes{others}, more than the {bound} of the setting"
            f" 'session_max_size'; {sizes[largest]} of them are session[{largest!r}]"
        )

    async def _destroy(self, handler: RequestHandlerLike) -> None:
        if self._id is not None:
            await self._store.delete(self._id.key)
        if self._sent:
            attributes = self._policy.attributes(handler.request.protocol)
            handler.clear_cookie(self._policy.cookie_name, **attributes)
        self._id = self._record = self._revision = None
        self._base = EMPTY
        self._superseded = False

    async def _create(self, handler: RequestHandlerLike, text: str) -> None:
        now = self._policy.clock()
        for _ in range(_MOST_ATTEMPTS):
            made = SessionId.new()
            record = Record(made.digest, (), now, now, text)
            if await self._keep(made, record, None):
                self._superseded = False
                try:
                    self._set_cookie(handler, made)
                except Exception:
                    # Settings of the application's own, of cookies or of keys: nobody would ever find it.
                    await self._store.delete(made.key)
                    raise
                return
        raise StorageUnavailable("the store of sessions takes no new session")

    async def _update(
        self, handler: RequestHandlerLike, text: str, *, rotating: bool, renewing: bool
    ) -> None:
        """Save changes on top of what is stored by now."""
        policy, base = self._policy, self._base
        loaded = self._record
        for _ in range(_MOST_ATTEMPTS):
            found, known = self._record, self._id
            if loaded is None or found is None or known is None or found.digest != loaded.digest:
                await self._supersede(handler, text, rotating=rotating)
                return
            now = policy.clock()
            data = (
                text
                if found.data == base
                else self._bounded(merge(base, text, found.data), found.data)
            )
            record = replace(policy.touched(found, now), data=data)
            if rotating:
                known = known.rotated()
                record = policy.rotated(record, known.digest, now)
                if renewing:
                    record = replace(record, created=now)
            if policy.left(record, now) <= 0:  # while the request ran
                self._record = None
            elif await self._keep(known, record, self._revision):
                self._base = text
                if rotating:
                    self._set_cookie(handler, known)
                return
            else:
                await self._reload(known)
        raise StorageUnavailable("a session was saved by others again and again")

    async def _keep(self, known: SessionId, record: Record, expected: str | None) -> bool:
        revision = new_revision()
        lifetime = self._policy.left(record, record.used)
        stored = StoredSession(revision, record.encode())
        if not await self._store.save(known.key, stored, expected, lifetime):
            return False
        self._id, self._record, self._revision = known, record, revision
        return True

    async def _reload(self, known: SessionId) -> None:
        """Look what another request has saved meanwhile."""
        stored = await self._store.load(known.key)
        read = None if stored is None else _read(stored)
        self._record = self._revision = None
        if stored is not None and read is not None:
            self._record, self._revision = read[0], stored.revision

    async def _supersede(self, handler: RequestHandlerLike, text: str, *, rotating: bool) -> None:
        """Drop what belongs to a session that is no longer the visitor's."""
        self._record = self._revision = None
        self._superseded = True
        if not rotating:
            if text != self._base:
                _log.debug(
                    "changes were dropped: the session was destroyed, rotated or over meanwhile"
                )
            return
        own, _ = changes(self._base, text)
        values = decode(text)
        # Who signs in sets the user, even if it is the same.
        own |= {key: values[key] for key in self._assigned if key in values}
        if own:
            await self._create(handler, self._bounded(encode(own), EMPTY))
            self._base = text

    def _set_cookie(self, handler: RequestHandlerLike, known: SessionId) -> None:
        policy = self._policy
        days = policy.lifetime / 86400 if policy.cookie_persistent else None
        attributes = policy.attributes(handler.request.protocol)
        handler.set_signed_cookie(policy.cookie_name, known.cookie, expires_days=days, **attributes)
        # A cache between us and the browsers must not give this cookie to somebody else.
        handler.add_header("Cache-Control", "private")


def _watching(access: "ref[SessionAccess]") -> Callable[[], None]:
    """Make the function that a session calls before a change, without a circle to its access."""

    def watch() -> None:
        alive = access()
        if alive is None or not alive.watch_head():
            raise SessionClosed(
                "the session was changed behind the head of the answer, when it cannot be saved any"
                " more: change it before flush() or finish()"
            )

    return watch


def _read(stored: StoredSession) -> tuple[Record, dict[str, Any]] | None:
    try:
        record = Record.decode(stored.value)
        return record, decode(record.data)
    except ValueError as error:
        # Without the message: it may hold what is stored.
        _log.warn("a stored session cannot be read: {kind}", kind=type(error).__name__)
        return None
