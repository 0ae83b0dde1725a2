"""A session, as a handler sees it."""

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from cyclone_storage.sessions.errors import InvalidSessionValue
from cyclone_storage.sessions.values import FLASHES, check_item, check_key

__all__ = ["Session", "SessionState"]


def _watch_nothing() -> None:
    """Take the place of who wants to know of changes."""


class SessionState:
    """What a request has done to its session; for what saves it.

    Attributes:
        data: The values.
        assigned: The keys that this request has set, to other values or to the same.
        changed: Whether a value was set or deleted since the last save.
        lent: Whether somebody holds a list or dict of it, and may change that unseen.
        new: Whether nothing of it was stored before.
        rotating: Whether it is to get another id.
        renewing: Whether its lifetime is to begin anew.
        destroying: Whether what is stored is to be deleted.
        watch: Called before a change; it raises `SessionClosed` if that would come too late.
    """

    __slots__ = (
        "assigned",
        "changed",
        "data",
        "destroying",
        "lent",
        "new",
        "renewing",
        "rotating",
        "watch",
    )

    def __init__(
        self, data: dict[str, Any], watch: Callable[[], None] = _watch_nothing, *, new: bool = True
    ) -> None:
        self.data = data
        self.assigned: set[str] = set()
        self.changed = False
        self.lent = False
        self.new = new
        self.rotating = False
        self.renewing = False
        self.destroying = False
        self.watch = watch


class Session(MutableMapping[str, Any]):
    """The values of one visitor, from `SessionMixin.get_session`.

    It is a mapping like a dict: keys are text, values what JSON knows (None, bool, int, float, str, and
    lists and dicts of these, but nothing of a subclass, which would come back as something else). It is
    saved once, before the head of the answer, if something of it has changed, be it deep inside; nothing
    is stored of visitors for whom nothing was ever set. What is set in a request that ends with a status
    of 500 or above is not saved.
    """

    __slots__ = ("_state",)

    def __init__(self, state: SessionState | None = None) -> None:
        """Make a session; a handler gets its own from `get_session`.

        Args:
            state: What is known of it; by default it is new and empty.
        """
        self._state = SessionState({}) if state is None else state

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 -- any JSON
        """Return a value."""
        state = self._state
        value = state.data[key]
        if isinstance(value, (list, dict)):
            state.lent = True
        return value

    def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401 -- checked here
        """Set a value.

        Raises:
            InvalidSessionValue: The key is no text, or the value would not come back from JSON as it is.
            SessionClosed: The head of the answer is out.
        """
        check_key(key)
        check_item(key, value)
        self._change()
        if isinstance(value, (list, dict)):
            self._state.lent = True
        self._state.data[key] = value
        self._state.assigned.add(key)

    def __delitem__(self, key: str) -> None:
        """Delete a value.

        Raises:
            KeyError: There is none.
            SessionClosed: The head of the answer is out.
        """
        if key not in self._state.data:
            raise KeyError(key)
        self._change()
        del self._state.data[key]

    def __contains__(self, key: object) -> bool:
        """Tell whether there is a value."""
        return key in self._state.data

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys."""
        return iter(self._state.data)

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self._state.data)

    def __repr__(self) -> str:
        """Show neither id nor values: a log is no place for them."""
        return f"<Session of {len(self)} values>"

    def clear(self) -> None:
        """Delete all values; id and age stay. See `destroy`.

        Raises:
            SessionClosed: The head of the answer is out.
        """
        self._change()
        self._state.data = {}

    @property
    def new(self) -> bool:
        """Whether nothing of it was stored when the request came."""
        return self._state.new

    def rotate(self, *, renew: bool = False) -> None:
        """Give the session another id; the one before gives nothing of it from then on.

        Do it whenever somebody signs in or gets more rights, so that an id that somebody else has
        planted, or seen, does not get them, too (session fixation). All that the id before can do, for a
        minute, is sign out.

        Args:
            renew: Whether the lifetime begins anew: the visitor has just proved who it is.

        Raises:
            SessionClosed: The head of the answer is out.
        """
        self._change()
        self._state.rotating = True
        self._state.renewing = self._state.renewing or renew

    def destroy(self) -> None:
        """Delete the session, also for requests that run beside this one: sign out.

        What is set afterwards makes a new one, with an id of its own.

        Raises:
            SessionClosed: The head of the answer is out.
        """
        self._change()
        state = self._state
        state.data = {}
        state.destroying = True
        state.rotating = state.renewing = False

    def flash(self, message: str, category: str = "info") -> None:
        """Keep a message for the next page, which shows it once.

        Args:
            message: The message.
            category: What kind of message it is.

        Raises:
            InvalidSessionValue: One of them is no text.
            SessionClosed: The head of the answer is out.
        """
        given: list[object] = [message, category]
        if not all(type(each) is str for each in given):
            raise InvalidSessionValue("a flash message is text, and so is its category")
        self[FLASHES] = [*self._state.data.get(FLASHES, []), [category, message]]

    def take_flashes(self) -> list[tuple[str, str]]:
        """Take the messages out of the session.

        Returns:
            Their categories and texts, the oldest first.

        Raises:
            SessionClosed: There are some, and the head of the answer is out.
        """
        if FLASHES not in self:
            return []
        return [(category, message) for category, message in self.pop(FLASHES)]

    def _change(self) -> None:
        self._state.watch()
        self._state.changed = True
