"""The exceptions of sessions; what a store meets when it is away is `StorageUnavailable`."""

from cyclone_storage.errors import StorageError

__all__ = ["InvalidSessionValue", "SessionClosed", "SessionSettingError", "SessionTooLarge"]


class SessionSettingError(StorageError, ValueError):
    """A setting of the application that sessions need is missing or malformed."""


class InvalidSessionValue(StorageError, TypeError):  # noqa: N818 -- see SessionClosed
    """A value would not come back from JSON as it was put into a session."""


class SessionTooLarge(StorageError, ValueError):  # noqa: N818 -- see SessionClosed
    """The values of a session are larger than the setting `session_max_size` allows."""


class SessionClosed(StorageError, RuntimeError):  # noqa: N818 -- as PoolClosed
    """A session was changed behind the head of the answer, when it is saved already."""
