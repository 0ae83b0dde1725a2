"""Reading `Accept-Encoding`."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.web.accept_encoding import coding_weights


@pytest.mark.parametrize(
    ("field", "weights"),
    [
        ("", {"": 1.0}),
        ("gzip", {"gzip": 1.0}),
        ("GZip;q=0.5, br ; Q=1.000", {"gzip": 0.5, "br": 1.0}),
        ("x-gzip;q=0", {"gzip": 0.0}),
        ("*;q=0.123,identity;q=0.", {"*": 0.123, "identity": 0.0}),
        ("gzip;q=0.5,gzip;q=0.1", {"gzip": 0.1}),
        ("gzip;q=2,br;q=1.5,zstd;q=-1,deflate;level=1,a;q=0.1234,b;q = 1", {}),
    ],
)
def test_weights(field: str, weights: dict[str, float]) -> None:
    """Each coding has its weight, 1 unless it says so; what is malformed does not count."""
    assert coding_weights(field) == weights


def test_linear() -> None:
    """A long header takes time in proportion to its length, and is not kept."""
    start = time.process_time()
    assert coding_weights("a;" + " " * 500_000 + "x") == {}
    assert len(coding_weights(",".join([f"c{number}" for number in range(50_000)]))) == 50_000
    assert time.process_time() - start < 5


@given(st.text())
def test_anything(field: str) -> None:
    """Whatever a client sends, each weight is a number from 0 to 1."""
    assert all(0 <= weight <= 1 for weight in coding_weights(field).values())
