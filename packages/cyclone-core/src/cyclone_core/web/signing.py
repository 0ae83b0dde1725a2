"""Signed values: text that a client keeps and cannot forge, in the formats that Tornado writes.

Version 2 is `2|1:0|10:1300000000|3:key|8:dmFsdWU=|<signature>`: the version, then the version of the
key, the seconds since 1970, the name and the value in base64, each behind its length in bytes, and the
HMAC-SHA256 of all that in hexadecimal. Version 1, which cyclone 1.x and Tornado before 3.2.1 wrote, is
`dmFsdWU=|1300000000|<signature>` with the HMAC-SHA1 of the bare name, value and time: nothing in it says
where one ends and the next begins, so such a value may pass under another name. It is read only where
`min_version` allows it.

What a client sends may be anything: it is None then, never an error, and the time is linear.
"""

import binascii
import hmac
import re
import time
from collections.abc import Callable, Mapping
from typing import Final

__all__ = [
    "DEFAULT_SIGNED_VALUE_MIN_VERSION",
    "DEFAULT_SIGNED_VALUE_VERSION",
    "MAX_SUPPORTED_SIGNED_VALUE_VERSION",
    "MIN_SUPPORTED_SIGNED_VALUE_VERSION",
    "Secret",
    "create_signed_value",
    "decode_signed_value",
    "get_signature_key_version",
]

MIN_SUPPORTED_SIGNED_VALUE_VERSION: Final = 1
"""The oldest version that is written and read."""

MAX_SUPPORTED_SIGNED_VALUE_VERSION: Final = 2
"""The newest version that is written and read."""

DEFAULT_SIGNED_VALUE_VERSION: Final = 2
"""The version that is written unless another one is asked for."""

DEFAULT_SIGNED_VALUE_MIN_VERSION: Final = 2
"""The oldest version that is read unless another one is asked for (Tornado's is 1)."""

Secret = str | bytes | Mapping[int, str | bytes]
"""What signs: a long random value, or several by key version. Text counts as its UTF-8."""

_DAY: Final = 86400

# A value from further in the future was not signed by a server whose clock is right. In version 1 it is
# how a digit of the value, moved into the time, gives itself away.
_LATEST: Final = 31 * _DAY

# Version 1 does not name itself, but its base64 never is a number of up to three digits.
_VERSION: Final = re.compile(rb"[1-9][0-9]{0,2}\|")
_VERSION_2: Final = b"2|"

# No more digits than a number can sensibly have: converting them takes quadratic time.
_LENGTH: Final = re.compile(rb"([0-9]{1,9}):")
_NUMBER: Final = re.compile(rb"-?[0-9]{1,18}")
_TIME: Final = re.compile(rb"0|[1-9][0-9]{0,17}")

_Clock = Callable[[], float]


def create_signed_value(
    secret: Secret,
    name: str | bytes,
    value: str | bytes,
    version: int | None = None,
    clock: _Clock | None = None,
    key_version: int | None = None,
) -> bytes:
    """Sign a value under a name (Tornado and cyclone: `web.create_signed_value`).

    Args:
        secret: What signs; with several keys, `key_version` says which.
        name: What the value is called: it can be read under this name only.
        value: Any bytes, or text, which counts as its UTF-8.
        version: The format, 1 or 2; by default 2.
        clock: Gives the seconds since 1970; by default `time.time`.
        key_version: The key version that the value names. Without several keys it may be any number.

    Returns:
        The signed value: visible characters of ASCII, but for what `name` brings.

    Raises:
        ValueError: The version is unknown, the secret empty, or there is no such key.
        TypeError: Secret, name or value has another type.
    """
    if version is None:
        version = DEFAULT_SIGNED_VALUE_VERSION
    seconds = b"%d" % int((clock or time.time)())
    named = _bytes(name, "the name")
    encoded = binascii.b2a_base64(_bytes(value, "the value"), newline=False)
    if version == 1:
        if isinstance(secret, Mapping):
            raise ValueError("signed values of version 1 know no key versions: use version 2")
        return b"|".join([encoded, seconds, _sign_v1(secret, named, encoded, seconds)])
    if version != MAX_SUPPORTED_SIGNED_VALUE_VERSION:
        raise ValueError(f"signed values have the version 1 or 2, not {version!r}")
    fields = (b"%d" % (key_version or 0), seconds, named, encoded)
    signed = _VERSION_2 + b"".join([b"%d:%b|" % (len(field), field) for field in fields])
    return signed + _sign_v2(_signing_key(secret, key_version), signed)


def decode_signed_value(
    secret: Secret,
    name: str | bytes,
    value: str | bytes | None,
    max_age_days: float = 31,
    clock: _Clock | None = None,
    min_version: int | None = None,
) -> bytes | None:
    """Read a signed value (Tornado and cyclone: `web.decode_signed_value`).

    Args:
        secret: What has signed it; of several keys, the value names its own.
        name: The name under which it was signed.
        value: What `create_signed_value` has returned, or whatever a client has made of it.
        max_age_days: The age in days beyond which it does not count.
        clock: Gives the seconds since 1970; by default `time.time`.
        min_version: The oldest format that is read, 1 or 2; by default 2. With several keys, a value
            of version 1 is never read.

    Returns:
        The bytes that were signed; None if there is no value, it is malformed, too old, from the
        future or of too old a version, or somebody else has signed it.

    Raises:
        ValueError: The minimum version is unknown, or the secret empty.
        TypeError: Secret, name or value has another type.
    """
    if min_version is None:
        min_version = DEFAULT_SIGNED_VALUE_MIN_VERSION
    elif min_version not in {1, 2}:
        raise ValueError(f"the min_version of signed values is 1 or 2, not {min_version!r}")
    if not value:
        return None
    sent = _sent_bytes(value)
    verified = None
    if sent.startswith(_VERSION_2):
        verified = _verify_v2(secret, _bytes(name, "the name"), sent)
    elif min_version == 1 and _VERSION.match(sent) is None:
        verified = _verify_v1(secret, _bytes(name, "the name"), sent)
    if verified is None or not _is_current(verified[1], max_age_days, (clock or time.time)()):
        return None
    try:
        return binascii.a2b_base64(verified[0])
    except binascii.Error:
        return None


def get_signature_key_version(value: str | bytes) -> int | None:
    """Tell which key has signed a value (Tornado: `web.get_signature_key_version`).

    Nothing is verified: anybody may have written the number.

    Args:
        value: What `create_signed_value` has returned, or whatever a client has made of it.

    Returns:
        The key version; None if the value is malformed or its format has none.
    """
    sent = _sent_bytes(value)
    fields = _split_v2(sent) if sent.startswith(_VERSION_2) else None
    return None if fields is None else int(fields[0])


def _split_v2(value: bytes) -> list[bytes] | None:
    """Split a value into key version, time, name, value in base64, and signature."""
    fields = []
    position = len(_VERSION_2)
    for _ in range(4):
        match = _LENGTH.match(value, position)
        if match is None:
            return None
        begin = match.end()
        position = begin + int(match[1])
        fields.append(value[begin:position])
        if value[position : position + 1] != b"|":
            return None
        position += 1
    fields.append(value[position:])
    return None if _NUMBER.fullmatch(fields[0]) is None else fields


def _verify_v2(secret: Secret, name: bytes, value: bytes) -> tuple[bytes, bytes] | None:
    fields = _split_v2(value)
    if fields is None:
        return None
    key_version, seconds, signed_name, encoded, signature = fields
    # Asking an abstract class costs a tenth of all this, and most secrets are text.
    if type(secret) is not str and isinstance(secret, Mapping):
        key = secret.get(int(key_version))
        if key is None:
            return None
        secret = key
    signed = value[: len(value) - len(signature)]
    if not hmac.compare_digest(signature, _sign_v2(secret, signed)) or signed_name != name:
        return None
    return encoded, seconds


def _verify_v1(secret: Secret, name: bytes, value: bytes) -> tuple[bytes, bytes] | None:
    if isinstance(secret, Mapping):
        return None
    encoded, _, rest = value.partition(b"|")
    seconds, _, signature = rest.partition(b"|")
    if not hmac.compare_digest(signature, _sign_v1(secret, name, encoded, seconds)):
        return None
    return encoded, seconds


def _is_current(seconds: bytes, max_age_days: float, now: float) -> bool:
    if _TIME.fullmatch(seconds) is None:
        return False
    return now - max_age_days * _DAY <= int(seconds) <= now + _LATEST


def _signing_key(secret: Secret, key_version: int | None) -> str | bytes:
    if not isinstance(secret, Mapping):
        return secret
    if key_version is None:
        raise ValueError("a secret of several keys needs the key_version of the one that signs")
    if key_version not in secret:
        raise ValueError(f"the secret has no key of version {key_version!r}")
    return secret[key_version]


def _sign_v1(secret: str | bytes, *parts: bytes) -> bytes:
    return hmac.digest(_key(secret), b"".join(parts), "sha1").hex().encode()


def _sign_v2(secret: str | bytes, signed: bytes) -> bytes:
    return hmac.digest(_key(secret), signed, "sha256").hex().encode()


def _key(secret: str | bytes) -> bytes:
    key = _bytes(secret, "the secret")
    if not key:
        raise ValueError("the secret is empty: anybody could sign")
    return key


def _bytes(value: str | bytes, what: str) -> bytes:
    if not isinstance(value, (str, bytes)):
        raise TypeError(f"{what} must be str or bytes, not {type(value).__name__}")
    return value if isinstance(value, bytes) else value.encode()


def _sent_bytes(value: str | bytes) -> bytes:
    # What a client sends may be text that UTF-8 cannot express; it does not verify in any case.
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
