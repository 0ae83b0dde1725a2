"""What a handler derives from to have sessions."""

from typing import TYPE_CHECKING, Final, Protocol

from cyclone_storage.sessions.access import SessionAccess
from cyclone_storage.sessions.arguments import described
from cyclone_storage.sessions.errors import SessionSettingError
from cyclone_storage.sessions.policy import policy_of
from cyclone_storage.sessions.protocols import RequestHandlerLike

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from cyclone_storage.sessions.session import Session

__all__ = ["SessionMixin"]

_METHODS: Final = ("load", "save", "delete")


class _WithSession(RequestHandlerLike, Protocol):
    _session_access: SessionAccess | None


class SessionMixin:
    """Gives a handler the method `get_session`: `class Home(SessionMixin, RequestHandler)`.

    The application needs the settings `session_store`, which says where sessions are, and
    `cookie_secret`; further ones are those of `SessionPolicy`.
    """

    _session_access: SessionAccess | None = None

    def get_session(self: _WithSession) -> "Deferred[Session]":
        """Find the session of the request: `session = await self.get_session()`.

        It is looked for once; all callers share it. The cookie must be one that the application has
        signed, and its id one that the store knows: ids that somebody else has thought up are never
        taken over.

        Returns:
            A Deferred of the session, a new and empty one if there is none; it fails with
            `StorageUnavailable`, which is answered by 503, if the store is away.

        Raises:
            SessionSettingError: A setting is missing or malformed.
        """
        access = self._session_access
        if access is None:
            store = self.settings.get("session_store")
            if isinstance(store, type) or not all(hasattr(store, method) for method in _METHODS):
                raise SessionSettingError(
                    "sessions need the setting 'session_store', as in Application(routes,"
                    f" session_store=MemoryStore(), cookie_secret=...); it is {described(store)}"
                )
            access = SessionAccess(self, store, policy_of(self.settings))
            self._session_access = access
        return access.get(self)
