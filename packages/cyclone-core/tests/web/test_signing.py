"""Signed values: known ones, round trips, and whatever else clients send."""

import base64
import hmac
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cyclone_core.web import (
    DEFAULT_SIGNED_VALUE_MIN_VERSION,
    DEFAULT_SIGNED_VALUE_VERSION,
    MAX_SUPPORTED_SIGNED_VALUE_VERSION,
    MIN_SUPPORTED_SIGNED_VALUE_VERSION,
    create_signed_value,
    decode_signed_value,
    get_signature_key_version,
)

Value = Any

# Tornado's own known values, of its test suite.
KNOWN = "It's a secret to everybody"
V1 = b"dmFsdWU=|1300000000|31c934969f53e48164c50768b40cbd7e2daaaa4f"
V2 = (
    b"2|1:0|10:1300000000|3:key|8:dmFsdWU=|"
    b"3d4e60b996ff9c5d5788e333a0cba6f238a22c6c0f94788870e1a9ecd482e152"
)

KEYS = {0: "asdfbasdf", 1: b"12312312", 20: "caf\xe9"}
DAY = 86400

KEY_TEXTS = st.text(min_size=1) | st.binary(min_size=1)
TEXTS = st.text() | st.binary()
TIMES = st.integers(0, 10**11)


def present() -> float:
    """The time of the known values."""
    return 1300000000.9


def read(value: str | bytes | None, name: str = "key", **more: Value) -> bytes | None:
    """Read a value that was signed with the known key, in the present."""
    return decode_signed_value(KNOWN, name, value, clock=present, **{"min_version": 1, **more})


def signed(*parts: bytes, version: bytes = b"2") -> bytes:
    """Sign fields as they are, well formed or not."""
    text = b"|".join([version, *parts, b""])
    return text + hmac.digest(KNOWN.encode(), text, "sha256").hex().encode()


def signed_v1(encoded: bytes, seconds: bytes, name: bytes = b"key") -> bytes:
    """Sign a value of version 1, well formed or not."""
    signature = hmac.digest(KNOWN.encode(), name + encoded + seconds, "sha1").hex().encode()
    return b"|".join([encoded, seconds, signature])


def test_versions() -> None:
    """The constants have Tornado's names; what is read without being asked for is version 2."""
    assert MIN_SUPPORTED_SIGNED_VALUE_VERSION == 1
    assert MAX_SUPPORTED_SIGNED_VALUE_VERSION == 2
    assert DEFAULT_SIGNED_VALUE_VERSION == 2
    assert DEFAULT_SIGNED_VALUE_MIN_VERSION == 2


def test_known_values() -> None:
    """Both versions are written and read as Tornado does it."""
    assert create_signed_value(KNOWN, "key", "value", version=1, clock=present) == V1
    assert create_signed_value(KNOWN, "key", "value", version=2, clock=present) == V2
    assert create_signed_value(KNOWN.encode(), b"key", b"value", clock=present) == V2
    assert read(V1) == read(V1.decode()) == b"value"
    assert read(V2) == read(V2.decode()) == read(V2, min_version=2) == b"value"


def test_classic_value() -> None:
    """What cyclone 1.x has written is read as version 1, and written in the same bytes."""
    classic = b"Zm9v|1300000000|4bde2a48ddf5576fb532a78ea11bc0330668859a"
    assert decode_signed_value("secret", "user", classic, 31, present, 1) == b"foo"
    assert create_signed_value("secret", "user", "foo", 1, present) == classic


def test_known_key_version() -> None:
    """The version of the key is the first field."""
    value = create_signed_value(KEYS, "key", b"\xe9", clock=present, key_version=20)
    assert value.startswith(b"2|2:20|10:1300000000|3:key|4:6Q==|")
    assert decode_signed_value(KEYS, "key", value, clock=present) == b"\xe9"
    assert get_signature_key_version(value) == get_signature_key_version(value.decode()) == 20
    assert get_signature_key_version(V2) == 0
    assert get_signature_key_version(V1) is None


def test_min_version() -> None:
    """Version 1 is read only where it is allowed."""
    assert read(V1, min_version=2) is None
    assert decode_signed_value(KNOWN, "key", V1, clock=present) is None
    assert decode_signed_value(KNOWN, "key", V2, clock=present) == b"value"


@pytest.mark.parametrize("min_version", [0, 3, -1, "1"])
def test_bad_min_version(min_version: Value) -> None:
    """A minimum that no version can be is a mistake of the program, with or without a value."""
    for value in (V2, None):
        with pytest.raises(ValueError, match="min_version"):
            read(value, min_version=min_version)


@given(KEY_TEXTS, TEXTS, TEXTS, TIMES, st.integers(-9, 10**9))
def test_round_trip(key: Value, name: Value, value: Value, now: int, key_version: int) -> None:
    """Whatever is signed is read: by its key, under its name, at its time; and by no other."""
    wanted = value.encode() if isinstance(value, str) else value
    keys = {key_version: key, -10: "other"}
    for secret in (key, keys):
        made = create_signed_value(secret, name, value, clock=lambda: now, key_version=key_version)
        assert decode_signed_value(secret, name, made, clock=lambda: now) == wanted
        assert decode_signed_value(made, name, made, clock=lambda: now) is None
        assert decode_signed_value(secret, name + name[:1], made, clock=lambda: now) == (
            wanted if not name else None
        )
        assert get_signature_key_version(made) == key_version


@given(KEY_TEXTS, TEXTS, TEXTS, st.integers(1, 10**11))
def test_round_trip_v1(key: Value, name: Value, value: Value, now: int) -> None:
    """So it is with version 1."""
    wanted = value.encode() if isinstance(value, str) else value
    made = create_signed_value(key, name, value, version=1, clock=lambda: now)
    assert decode_signed_value(key, name, made, clock=lambda: now, min_version=1) == wanted
    assert decode_signed_value(key, name, made, clock=lambda: now) is None
    assert decode_signed_value(made, name, made, clock=lambda: now, min_version=1) is None


@given(st.text(st.characters()) | st.binary())
@example("2|")
@example("2||||||")
@example("\ud800")
@example("2|1:0|1:\ud800|1:a|0:|")
@example("||")
def test_anything(value: Value) -> None:
    """Whatever a client sends is None, and no error."""
    for secret in (KNOWN, KEYS):
        for min_version in (1, 2):
            assert decode_signed_value(secret, "key", value, min_version=min_version) is None
    assert get_signature_key_version(value) in {None, *range(-9, 10)}


@given(st.data())
def test_tampering(data: st.DataObject) -> None:
    """A value in which one byte is another, or missing, or too many, is none."""
    value = data.draw(st.sampled_from([V1, V2]))
    position = data.draw(st.integers(0, len(value) - 1))
    with_byte = bytes([data.draw(st.integers(0, 255))])
    for end in (position, position + 1):
        changed = value[:position] + with_byte + value[end:]
        if changed != value:
            assert read(changed) is None
    assert read(value[:position] + value[position + 1 :]) is None
    assert read(value[:position]) is None


@pytest.mark.parametrize(
    "value",
    [
        V2.replace(b"1:0", b"1:1"),
        V2.replace(b"10:1300000000", b"10:130000000"),
        V2.replace(b"3:key", b"3:keey"),
        V2[:-64],
        V2[:-64] + b"0" * 64,
        V2[:-64] + V2[-64:].upper(),
        V2 + b"|",
        b" " + V2,
        b"3" + V2[1:],
        b"12" + V2[1:],
        b"02" + V2[1:],
        b"2" + V1,
        V1 + b"|",
        b"1|" + V1,
        V1.replace(b"|", b"||"),
    ],
)
def test_forged(value: bytes) -> None:
    """What somebody else has made of a value is none."""
    assert read(value) is None


FIELDS = (b"1:0", b"10:1300000000", b"3:key", b"8:dmFsdWU=")


def test_signed_fields() -> None:
    """The tests below sign as the module does."""
    assert signed(*FIELDS) == V2
    assert signed_v1(b"dmFsdWU=", b"1300000000") == V1


@pytest.mark.parametrize(
    ("index", "field"),
    [
        (0, b"1:x"),
        (0, b"0:"),
        (0, b"1: "),
        (0, b"19:" + b"1" * 19),
        (0, b"2:+1"),
        (0, b"-1:"),
        (0, b"1"),
        (0, b":0"),
        (0, b"10:0"),
        (0, b"9999999999:0"),
        (0, b"\xd9\xa1:0"),
        (1, b"1:a"),
        (1, b"0:"),
        (1, b"11: 1300000000"),
        (1, b"11:01300000000"),
        (1, b"11:+1300000000"),
        (1, b"11:1300000000.0"),
        (1, b"13:1_300_000_000"),
        (1, b"5000:" + b"9" * 5000),
        (2, b"4:key"),
        (2, b"2:key"),
        (3, b"1:a"),
        (3, b"5:dmFsd"),
    ],
)
def test_malformed(index: int, field: bytes) -> None:
    """A malformed field is none although its signature is right, as an old key may have made it."""
    fields = list(FIELDS)
    fields[index] = field
    assert read(signed(*fields)) is None


@pytest.mark.parametrize(
    "value",
    [
        signed(*FIELDS[:3]),
        signed(*FIELDS, b"1:x"),
        signed(*FIELDS, version=b"3"),
        signed(*FIELDS, version=b"1"),
        signed_v1(b"dmFsdWU=", b"not-a-number"),
        signed_v1(b"dmFsdWU=", b""),
        signed_v1(b"dmFsdWU=", b"01300000000"),
        signed_v1(b"dmFsdWU=", b"9" * 5000),
        signed_v1(b"a", b"1300000000"),
        signed_v1(b"2", b"1300000000"),
    ],
)
def test_malformed_as_a_whole(value: bytes) -> None:
    """So it is with the form as a whole, and with version 1."""
    assert read(value) is None


def test_long_numbers_in_v1() -> None:
    """Base64 of digits alone is a value of version 1, not a version: that has at most three."""
    assert read(signed_v1(b"1234", b"1300000000")) == base64.b64decode(b"1234")


def test_moved_digits() -> None:
    """Digits moved from a value of version 1 into its time do not pass (cyclone and Tornado 1.0.1)."""
    value = signed_v1(b"12345678", b"1300000000")
    assert read(value) == base64.b64decode(b"12345678")
    signature = value.rpartition(b"|")[2]
    assert read(b"1234|56781300000000|" + signature) is None


@pytest.mark.parametrize("value", [V1, V2])
@pytest.mark.parametrize(
    ("later", "max_age_days", "current"),
    [
        (0, 31, True),
        (31 * DAY, 31, True),
        (31 * DAY + 1, 31, False),
        (DAY, 0.5, False),
        (DAY / 4, 0.5, True),
        (100 * DAY, 100, True),
        (-31 * DAY, 31, True),
        (-31 * DAY - 1, 31, False),
        (0, 0, True),
        (1, 0, False),
    ],
)
def test_age(value: bytes, later: float, max_age_days: float, current: bool) -> None:
    """A value counts up to its age, and not if it comes from more than 31 days in the future."""
    found = decode_signed_value(
        KNOWN, "key", value, max_age_days, lambda: 1300000000 + later, min_version=1
    )
    assert found == (b"value" if current else None)


def test_time_of_today() -> None:
    """Without a clock the time is that of today."""
    value = create_signed_value(KNOWN, "key", "value")
    assert abs(int(value.split(b":")[2].partition(b"|")[0]) - time.time()) < 10
    assert decode_signed_value(KNOWN, "key", value) == b"value"
    assert decode_signed_value(KNOWN, "key", V2) is None


def test_name_swap() -> None:
    """A value does not count under another name, in version 2 (Tornado 3.2.1)."""
    for first, second in (("a", "b"), ("ab", "a"), ("a", "ab")):
        value = create_signed_value(KNOWN, first, "value", clock=present)
        assert read(value, second) is None
    assert read(create_signed_value(KNOWN, "caf\xe9|1:", "v", clock=present), "caf\xe9|1:") == b"v"


def test_unknown_key() -> None:
    """A value whose key is gone is none; one of version 1 is none where there are several keys."""
    value = create_signed_value(KEYS, "key", "value", clock=present, key_version=1)
    assert decode_signed_value({0: "asdfbasdf"}, "key", value, clock=present) is None
    assert decode_signed_value({1: "other"}, "key", value, clock=present) is None
    assert decode_signed_value({0: KNOWN}, "key", V1, clock=present, min_version=1) is None


@pytest.mark.parametrize("value", [None, "", b""])
def test_no_value(value: str | bytes | None) -> None:
    """No value is None."""
    assert read(value) is None


@pytest.mark.parametrize(
    ("secret", "more", "message"),
    [
        ("x", {"version": 3}, "version 1 or 2, not 3"),
        ("x", {"version": 0}, "version 1 or 2, not 0"),
        (KEYS, {"version": 1, "key_version": 1}, "no key versions"),
        (KEYS, {}, "key_version"),
        (KEYS, {"key_version": 5}, "no key of version 5"),
        ("", {}, "empty"),
        (b"", {"version": 1}, "empty"),
        ({0: ""}, {"key_version": 0}, "empty"),
    ],
)
def test_cannot_sign(secret: Value, more: dict[str, int], message: str) -> None:
    """A program's mistakes are `ValueError`s that say what is wrong."""
    with pytest.raises(ValueError, match=message):
        create_signed_value(secret, "key", "value", **more)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5, "key", "value"), "the secret must be str or bytes, not int"),
        (("x", 5, "value"), "the name must be str or bytes, not int"),
        (("x", "key", 5), "the value must be str or bytes, not int"),
        (("x", "key", None), "the value must be str or bytes, not NoneType"),
    ],
)
def test_wrong_type(arguments: tuple[Value, ...], message: str) -> None:
    """Nor are other types taken for text."""
    with pytest.raises(TypeError, match=message):
        create_signed_value(*arguments)


@pytest.mark.parametrize("piece", [b"2|1:0|", b"|", b"1", b"1:", b"99999999:", b"=", b"A"])
@pytest.mark.parametrize("start", [b"", b"2|", b"2|1:0|10:1300000000|", b"2|500000:"])
def test_linear(start: bytes, piece: bytes) -> None:
    """1 MB of whatever is refused at once, by both versions."""
    value = start + piece * (1_000_000 // len(piece))
    began = time.process_time()
    assert read(value) is None
    assert get_signature_key_version(value) in {None, 0}
    assert time.process_time() - began < 2
