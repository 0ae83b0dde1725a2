"""The ring of hashes: keys stay where cyclone 1.x has put them."""

# ruff: noqa: S108 -- names, no files

import hashlib
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_storage.redis.sharding.hashring import HashRing, hashed_part


@dataclass(frozen=True)
class Factory:
    uuid: str | bytes


@dataclass(frozen=True)
class Node:
    _factory: Factory


def node(uuid: str | bytes) -> Node:
    return Node(Factory(uuid))


SERVERS = [node("localhost:6379"), node("localhost:6380"), node("localhost:6381")]


# What cyclone 1.x's ring said under Python 2.7.18: the server's number and the index of its point. The
# last eight keys lie where signed and unsigned sums differ: around zero and at both ends.
@pytest.mark.parametrize(
    ("key", "server", "index"),
    [
        (b"", 1, 238),
        (b"a", 1, 197),
        (b"key", 0, 22),
        (b"foo", 0, 23),
        (b"bar", 1, 463),
        (b"user:1", 0, 472),
        (b"user:2", 0, 184),
        (b"user:1000", 1, 57),
        (b"session:{42}:data", 0, 333),
        (b"{42}", 2, 476),
        (b"x{tag}y", 0, 242),
        (b"x{a}{b}y", 1, 456),
        (b"x{}y", 1, 238),
        ("été".encode(), 0, 367),
        (b"\x00\xff", 2, 448),
        (b"k25", 1, 238),
        (b"k241", 1, 238),
        (b"k418", 1, 238),
        (b"k36", 0, 0),
        (b"k656", 0, 0),
        (b"k1036", 2, 479),
        (b"k2177", 2, 479),
        (b"k2998", 2, 479),
    ],
)
def test_python_2(key: bytes, server: int, index: int) -> None:
    """A key belongs to the server to which cyclone 1.x under Python 2 gave it, at the same point."""
    ring = HashRing(SERVERS)
    assert ring.get_node_pos(hashed_part(key)) == (SERVERS[server], index)
    assert ring(hashed_part(key)) is SERVERS[server]


@pytest.mark.parametrize(
    ("servers", "count", "digest"),
    [
        (SERVERS, 100_000, "62d3289f3e708f19b0061060933fcb8b3116339b15582adc46d095d07bd4e107"),
        (
            [node("/tmp/a.sock"), node("/tmp/b.sock")],
            1000,
            "83e7641dc17380138a7af1293db3a53cbbf394adf16c0bd5bbf83734aa4219ba",
        ),
    ],
)
def test_python_2_many(servers: list[Node], count: int, digest: str) -> None:
    """All of `key:0`, `key:1`, … belong to the server to which cyclone 1.x under Python 2 gave them."""
    ring = HashRing(servers)
    found = [ring.get_node(f"key:{number}") for number in range(count)]
    digits = "".join(str(servers.index(each)) for each in found if each is not None)
    assert hashlib.sha256(digits.encode()).hexdigest() == digest


def test_points() -> None:
    """Points are signed: the lowest and the highest are those that Python 2 computed."""
    ring = HashRing(SERVERS)
    assert (ring.sorted_keys[0], ring.sorted_keys[-1], len(ring.sorted_keys)) == (
        -2145276428,
        2144708073,
        480,
    )
    assert sorted(ring.ring) == ring.sorted_keys
    assert ring.nodes == SERVERS


@given(st.text(), st.sets(st.text(min_size=1), min_size=2, max_size=5))
def test_remove(key: str, names: set[str]) -> None:
    """Without one server only the keys of that server belong to another one."""
    key_bytes = key.encode("utf-8", "surrogatepass")
    nodes = [node(name.encode("utf-8", "surrogatepass")) for name in sorted(names)]
    ring = HashRing(nodes, replicas=20)
    before = ring.get_node(key_bytes)
    gone = nodes.pop()
    ring.remove_node(gone)
    assert ring.nodes == nodes
    assert ring.sorted_keys == HashRing(nodes, replicas=20).sorted_keys
    after = ring.get_node(key_bytes)
    assert after in nodes
    last = HashRing([*nodes, gone], replicas=20).sorted_keys[-1]
    # Beyond the last point comes the last one: where that goes, so do the keys beyond it.
    if before is not gone and ring.sorted_keys[-1] == last:
        assert after is before


def test_iterate() -> None:
    """Points are given from that of the key to the last one."""
    ring = HashRing(SERVERS)
    found = list(ring.iter_nodes(b"user:1"))
    assert found == [(point, ring.ring[point]) for point in ring.sorted_keys[472:]]


def test_no_nodes() -> None:
    """A ring without nodes has none for a key."""
    ring: HashRing[Node] = HashRing()
    assert ring.get_node("key") is None
    assert ring.get_node_pos("key") == (None, None)
    assert list(ring.iter_nodes("key")) == [(None, None)]


def test_errors() -> None:
    """A ring without points, and the removal of what was not added, are refused."""
    with pytest.raises(ValueError, match="at least one point, not 0"):
        HashRing(SERVERS, replicas=0)
    with pytest.raises(ValueError, match="no node of this ring"):
        HashRing(SERVERS).remove_node(node("localhost:1"))
