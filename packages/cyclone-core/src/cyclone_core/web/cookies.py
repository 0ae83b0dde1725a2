"""Signed cookies, which everybody can read and nobody can forge."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from twisted.logger import Logger

from cyclone_core.web.plain_cookies import PlainCookieMethods, SignedValue
from cyclone_core.web.signing import (
    DEFAULT_SIGNED_VALUE_MIN_VERSION,
    Secret,
    create_signed_value,
    decode_signed_value,
    get_signature_key_version,
)
from cyclone_escape import utf8

__all__ = ["CookieMethods", "is_weak_secret"]

_log = Logger(namespace="cyclone.web")

# Bytes: the length of a signature; a shorter key weakens it (RFC 2104).
_SHORTEST_SECRET: Final = 32
_PLACEHOLDER: Final = b"__TODO:"  # how the printed examples begin a secret that nobody should keep


class CookieMethods(PlainCookieMethods):
    """The methods of `RequestHandler` for cookies, plain and signed."""

    if TYPE_CHECKING:

        def require_setting(self, name: str, feature: str = ...) -> None:
            """Make sure of a setting: see `UserMethods`, which derives from this class."""

    def set_signed_cookie(
        self,
        name: str,
        value: str | bytes,
        expires_days: float | None = 30,
        version: int | None = None,
        **kwargs: Any,  # noqa: ANN401 -- those of set_cookie
    ) -> None:
        """Set a cookie that nobody can forge, though everybody can read it (cyclone: `secure`).

        It is hidden from scripts unless `httponly=False`, here or in `cookie_defaults`.

        Args:
            name: The name.
            value: Any bytes, or text, which counts as its UTF-8.
            expires_days: The days from now after which browsers forget it; None as long as they run.
            version: The format, 1 or 2; by default 2.
            kwargs: Further ones that `set_cookie` takes.

        Raises:
            MissingSettingError: The application has no `cookie_secret`.
            ValueError: As `create_signed_value` and `set_cookie`.
        """
        signed = SignedValue(self.create_signed_value(name, value, version))
        self.set_cookie(name, signed, expires_days=expires_days, **kwargs)

    set_secure_cookie = set_signed_cookie

    def create_signed_value(
        self, name: str, value: str | bytes, version: int | None = None
    ) -> bytes:
        """Sign a value with the application's `cookie_secret`, to be read by `get_signed_cookie`.

        Args:
            name: What it is called.
            value: Any bytes, or text, which counts as its UTF-8.
            version: The format, 1 or 2; by default 2.

        Returns:
            The signed value.

        Raises:
            MissingSettingError: The application has no `cookie_secret`.
            ValueError: The version is unknown, or the setting `key_version` names none of the keys.
        """
        secret = self._cookie_secret()
        key_version = None
        if isinstance(secret, Mapping):
            key_version = self.settings.get("key_version")
            if key_version is None or key_version not in secret:
                known = ", ".join([repr(each) for each in secret])
                raise ValueError(
                    "where the setting 'cookie_secret' is a dict, 'key_version' must say which of its"
                    f" keys signs, one of {known}; it is {key_version!r}"
                )
        return create_signed_value(secret, name, value, version=version, key_version=key_version)

    def get_signed_cookie(
        self,
        name: str,
        value: str | bytes | None = None,
        max_age_days: float = 31,
        min_version: int | None = None,
    ) -> bytes | None:
        """Read a signed cookie that the client has sent.

        Args:
            name: Its name.
            value: A value to read instead, from `create_signed_value`.
            max_age_days: The age in days beyond which it does not count.
            min_version: The oldest format that is read; by default that of the setting
                `signed_cookie_min_version`, and 2 without it. Those of cyclone 1.x are of version 1.

        Returns:
            What was signed; None if there is no such cookie, or if it does not verify.

        Raises:
            MissingSettingError: The application has no `cookie_secret`.
            ValueError: The minimum version is unknown.
        """
        secret = self._cookie_secret()
        if value is None:
            value = self.get_cookie(name)
        if min_version is None:
            min_version = self.settings.get(
                "signed_cookie_min_version", DEFAULT_SIGNED_VALUE_MIN_VERSION
            )
        return decode_signed_value(
            secret, name, value, max_age_days=max_age_days, min_version=min_version
        )

    get_secure_cookie = get_signed_cookie

    def get_signed_cookie_key_version(
        self, name: str, value: str | bytes | None = None
    ) -> int | None:
        """Tell which key has signed a cookie, so that one with an old key can be set anew.

        Args:
            name: Its name.
            value: A value to look at instead.

        Returns:
            The key version, which is not verified; None if there is none.

        Raises:
            MissingSettingError: The application has no `cookie_secret`.
        """
        self._cookie_secret()
        if value is None:
            value = self.get_cookie(name)
        return None if value is None else get_signature_key_version(value)

    get_secure_cookie_key_version = get_signed_cookie_key_version

    def _cookie_secret(self) -> Secret:
        self.require_setting("cookie_secret", "a signed cookie")
        secret = cast("Secret", self.settings["cookie_secret"])
        # Tests of handlers come with a stand-in for the application.
        if not getattr(self.application, "secret_is_checked", False):
            self.application.secret_is_checked = True
            if is_weak_secret(secret):
                _log.warn(
                    "the setting 'cookie_secret' is too easy to guess: who does can forge every signed"
                    " cookie. Take 32 random bytes or more, for example from"
                    ' `python -c "import secrets; print(secrets.token_urlsafe(32))"`'
                )
        return secret


def is_weak_secret(secret: Secret) -> bool:
    """Tell whether a `cookie_secret` is too short, or the placeholder of a printed example.

    Args:
        secret: The secret, or several by key version.

    Returns:
        Whether one of them is.
    """
    keys = secret.values() if isinstance(secret, Mapping) else [secret]
    encoded = [utf8(key) for key in keys]
    return any(len(key) < _SHORTEST_SECRET or key.startswith(_PLACEHOLDER) for key in encoded)
