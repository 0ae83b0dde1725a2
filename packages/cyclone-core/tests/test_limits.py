"""The bounds of the server: defaults, settings, and values that are refused."""

import dataclasses
import math
import pickle
from pathlib import Path
from typing import Any

import pytest

from cyclone_core.limits import Limits

DEFAULTS = {
    "max_request_line": 8192,
    "max_header_line": 8192,
    "max_header_size": 32768,
    "max_header_count": 100,
    "max_body_size": 104857600,
    "max_arguments": 1000,
    "max_parts": 100,
    "max_part_header_size": 10240,
    "body_memory_limit": 4194304,
    "body_spool_dir": None,
    "max_chunk_line": 256,
    "max_chunk_extensions": 4096,
    "max_pipeline_size": 65536,
    "header_timeout": 10.0,
    "idle_connection_timeout": 30.0,
    "body_stall_timeout": 30.0,
    "body_timeout": None,
    "min_body_rate": 1000,
    "write_timeout": 30.0,
    "tls_handshake_timeout": 10.0,
    "max_connections": None,
    "max_keep_alive_requests": None,
    "drain_timeout": 10.0,
    "linger_timeout": 2.0,
}
OPTIONAL = {
    "body_timeout",
    "min_body_rate",
    "max_connections",
    "max_keep_alive_requests",
    "body_spool_dir",
}
SIZES = [name for name in DEFAULTS if name.startswith(("max_", "min_", "body_memory"))]
TIMES = [name for name in DEFAULTS if name.endswith("_timeout")]


def test_every_bound_is_on_by_default() -> None:
    """The defaults are what the documentation promises; few have no bound."""
    given = {f.name: getattr(Limits(), f.name) for f in dataclasses.fields(Limits) if f.init}
    assert given == DEFAULTS


def test_every_bound_is_documented() -> None:
    """The class names and explains each of its fields."""
    documented = {line.strip().partition(":")[0] for line in (Limits.__doc__ or "").splitlines()}
    assert {field.name for field in dataclasses.fields(Limits)} <= documented


def test_settings_set_what_they_name() -> None:
    """Settings that name no limit are somebody else's, and the rest has its default."""
    limits = Limits.from_settings({"max_body_size": 5, "body_timeout": 2, "debug": True})
    assert limits == Limits(max_body_size=5, body_timeout=2)
    assert limits.max_header_count == 100
    assert Limits.from_settings({}) == Limits()


def test_a_derived_value_is_no_setting() -> None:
    """`shortest` follows from the others, and a setting of that name does not touch it."""
    assert Limits.from_settings({"shortest": 5}).shortest == 8192
    assert Limits(max_header_size=7).shortest == 7
    assert Limits(max_header_line=6).shortest == 6
    assert dataclasses.replace(Limits(), max_request_line=5).shortest == 5
    with pytest.raises(TypeError):
        Limits(shortest=5)  # type: ignore[call-arg]


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("value", [0, -1, 1.0, "1", True, math.inf])
def test_sizes_are_whole_and_positive(name: str, value: object) -> None:
    """Anything else is refused by a message that names the setting."""
    assert getattr(Limits.from_settings({name: 1}), name) == 1
    with pytest.raises(
        ValueError, match=f"setting '{name}' must be a whole number above 0( or None)?, not"
    ):
        Limits.from_settings({name: value})


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("value", [0, 0.0, -1, -0.5, "1", True, math.nan, [1]])
def test_times_are_positive(name: str, value: object) -> None:
    """Zero would end every request, and what is no number of seconds would fail much later."""
    assert getattr(Limits.from_settings({name: 1}), name) == 1
    assert getattr(Limits.from_settings({name: 0.5}), name) == 0.5
    assert getattr(Limits.from_settings({name: math.inf}), name) == math.inf
    with pytest.raises(ValueError, match=f"setting '{name}' must be a number of seconds above 0"):
        Limits.from_settings({name: value})


@pytest.mark.parametrize("name", DEFAULTS)
def test_few_bounds_may_be_none(name: str) -> None:
    """None is no bound, or the system's own; all other bounds cannot be turned off."""
    settings: dict[str, Any] = {name: None}
    if name in OPTIONAL:
        assert getattr(Limits.from_settings(settings), name) is None
        return
    with pytest.raises(ValueError, match=f"setting '{name}'"):
        Limits.from_settings(settings)


def test_the_spool_directory_exists(tmp_path: Path) -> None:
    """A directory that is not there would fail with the first large body, much later."""
    assert Limits(body_spool_dir=str(tmp_path)).body_spool_dir == str(tmp_path)
    (tmp_path / "file").touch()
    for value in (str(tmp_path / "nowhere"), str(tmp_path / "file"), tmp_path, 7):
        with pytest.raises(ValueError, match="setting 'body_spool_dir' must be an existing direct"):
            Limits(body_spool_dir=value)  # type: ignore[arg-type]


def test_limits_do_not_change() -> None:
    """Connections share them; they are compared, hashed and pickled by value."""
    limits = Limits(max_body_size=5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        limits.max_body_size = 6  # type: ignore[misc]
    assert limits == pickle.loads(pickle.dumps(limits))  # noqa: S301 -- our own bytes
    assert hash(limits) == hash(Limits(max_body_size=5))
    assert "max_body_size=5" in repr(limits)
    assert "shortest" not in repr(limits)
