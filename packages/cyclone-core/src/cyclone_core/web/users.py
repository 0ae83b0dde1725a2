"""Who asks, and in which language."""

import types
from collections.abc import Coroutine
from contextvars import copy_context
from typing import Any, Final

from twisted.internet.defer import Deferred

from cyclone_core.coroutines import settle
from cyclone_core.errors import CycloneError
from cyclone_core.web.arguments import ArgumentMethods
from cyclone_core.web.cookies import CookieMethods
from cyclone_locale import Locale, default_registry, parse_accept_language

__all__ = ["MissingSettingError", "UnresolvedUserError", "UserMethods", "is_asynchronous"]


class MissingSettingError(CycloneError):
    """The application lacks a setting that one of its handlers needs.

    Attributes:
        name: The setting.
    """

    def __init__(self, name: str, feature: str) -> None:
        """Describe what is missing.

        Args:
            name: The setting.
            feature: What needs it.
        """
        super().__init__(
            f"{feature} needs the setting {name!r}: pass it to the application, as in"
            f" Application(routes, {name}=...)"
        )
        self.name = name


class UnresolvedUserError(CycloneError):
    """`current_user` was read before an asynchronous `get_current_user` was waited for."""

    def __init__(self, handler: type) -> None:
        """Describe the mistake.

        Args:
            handler: The class whose `get_current_user` it is.
        """
        super().__init__(
            f"{handler.__qualname__}.get_current_user() is asynchronous, so current_user is not known"
            " yet: decorate the method with @authenticated, or say"
            " `self.current_user = await self.get_current_user()` in prepare()"
        )


_NOTHING: Final = object()


class UserMethods(ArgumentMethods, CookieMethods):
    """The methods of `RequestHandler` for the current user and the locale."""

    # Only set when it is known: None may be the user, too. Programs for cyclone 1.x set it themselves.
    _current_user: Any
    _locale: Locale
    _user_sought: object = _NOTHING  # what `get_current_user` gave, and nobody has waited for yet

    def require_setting(self, name: str, feature: str = "this feature") -> None:
        """Make sure that the application has a setting.

        Args:
            name: The setting.
            feature: What needs it, for the message.

        Raises:
            MissingSettingError: It is not there, or empty.

        Source: Tornado and cyclone, where the error is a bare `Exception`.
        """
        if not self.application.settings.get(name):
            raise MissingSettingError(name, feature)

    # The user.

    @property
    def current_user(self) -> Any:  # noqa: ANN401 -- users are the application's own
        """The user who asks, whom `get_current_user` knows; None if nobody is signed in.

        It may be set as well, in `prepare` for example, and then `get_current_user` is not called. It is
        called once at most, when somebody reads the attribute.

        Raises:
            UnresolvedUserError: `get_current_user` is asynchronous, and nobody has waited for it.
        """
        if hasattr(self, "_current_user"):
            return self._current_user
        found = self._seek_user()
        if is_asynchronous(found):
            # It is true: whoever asks would be taken for signed in.
            if isinstance(found, Coroutine):
                found.close()
            else:
                self._user_sought = found
            raise UnresolvedUserError(type(self))
        self._current_user = found
        return found

    @current_user.setter
    def current_user(self, value: Any) -> None:  # noqa: ANN401 -- as above
        if isinstance(value, (Coroutine, Deferred)):
            if isinstance(value, Coroutine):
                value.close()
            raise TypeError(
                f"current_user is set to {value!r}: write `await` before what gives the user"
            )
        self._current_user = value

    def get_current_user(self) -> Any:  # noqa: ANN401 -- see current_user
        """Override to tell who asks, from a signed cookie for example.

        It may be `async def` or return a Deferred, if all that read `current_user` are behind
        `authenticated`, in templates, or behind a `prepare` that sets it. (Tornado and cyclone 1.x know
        plain ones only.)

        Returns:
            The user, of any type; what is false means that nobody is signed in.
        """
        return None

    def _seek_user(self) -> object:
        sought, self._user_sought = self._user_sought, _NOTHING
        return self.get_current_user() if sought is _NOTHING else sought

    def _resolve_user(self) -> "Deferred[Any] | None":
        """Find out who asks, also if `get_current_user` is asynchronous.

        Returns:
            None if `current_user` can be read now; else a Deferred that fires when it can, or fails as
            `get_current_user` does.

        Raises:
            Exception: What `get_current_user` raises at once.
        """
        if hasattr(self, "_current_user"):
            return None
        found = self._seek_user()
        if is_asynchronous(found):
            return settle(self._take_user(found), getattr(self, "_context", None) or copy_context())
        self._current_user = found
        return None

    async def _take_user(self, found: Any) -> None:  # noqa: ANN401 -- any awaitable
        if isinstance(found, types.GeneratorType):
            found = Deferred.fromCoroutine(found)
        self._current_user = await found

    def get_login_url(self) -> str:
        """Tell where users sign in; override it to depend on the request.

        Returns:
            The setting `login_url`.

        Raises:
            MissingSettingError: There is no such setting.
        """
        self.require_setting("login_url", "@authenticated")
        url: str = self.application.settings["login_url"]
        return url

    # The locale.

    @property
    def locale(self) -> Locale:
        """The locale of the answer: what `get_user_locale` says, or else `get_browser_locale`.

        It may be set as well, to a locale or to its code.
        """
        if hasattr(self, "_locale"):
            return self._locale
        if self.application.settings.get("debug"):
            default_registry.reload_if_changed()
        found = self.get_user_locale()
        self._locale = self.get_browser_locale() if found is None else _locale_of(found)
        return self._locale

    @locale.setter
    def locale(self, value: Locale | str) -> None:
        self._locale = _locale_of(value)

    def get_user_locale(self) -> Locale | str | None:
        """Override to tell the user's locale, from a cookie or the user's settings.

        Returns:
            A locale, the code of one, or None to go by the browser. The code of a locale that there is no
            catalogue for means the default locale.
        """
        return None

    def get_browser_locale(self, default: str = "en_US") -> Locale:
        """Choose the locale by the request's `Accept-Language` (RFC 9110 section 12.5.4).

        Args:
            default: The code of the locale for a request that does not say.

        Returns:
            The locale that fits best; if none does, the default one of `cyclone_locale`.
        """
        header = self.request.headers.get("Accept-Language")
        if header:
            codes = [code for code, _ in parse_accept_language(header)]
            if codes:
                return default_registry.get(*codes)
        return default_registry.get(default)


def is_asynchronous(value: object) -> bool:
    """Tell whether a value must be awaited; generators are those that lack their `inlineCallbacks`.

    Args:
        value: What a method has returned.
    """
    return hasattr(type(value), "__await__") or isinstance(value, types.GeneratorType)


def _locale_of(value: Locale | str) -> Locale:
    if isinstance(value, Locale):
        return value
    if isinstance(value, str):
        return default_registry.get(value)
    if isinstance(value, Coroutine):
        value.close()
    raise TypeError(
        f"a locale is a Locale, the code of one, or None, not {value!r}; where it takes waiting to know"
        " it, set self.locale in prepare()"
    )
