"""What proxies say of the client, and whom to believe it."""

import ipaddress
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.internet.testing import StringTransport

from cyclone_core.httpserver import Peer, ProxyHeaders, ServerOptions

from .conftest import Log

LOOPBACK = IPv4Address("TCP", "127.0.0.1", 1)
STRANGER = IPv4Address("TCP", "192.0.2.66", 1)
Headers = dict[str, str | list[str]]


def peer(address: IAddress = LOOPBACK) -> Peer:
    """The peer of a connection from an address."""
    host = address if isinstance(address, UNIXAddress) else None
    return Peer(StringTransport(host, address))


def proxies(**options: object) -> ProxyHeaders:
    """What a port with `xheaders` and other options uses."""
    found = ProxyHeaders.for_options(ServerOptions(xheaders=True, **options))  # type: ignore[arg-type]
    assert found is not None
    return found


def ip(headers: Headers, address: IAddress = LOOPBACK, trusted: tuple[str, ...] = ()) -> str:
    """The address that a request from a peer counts as."""
    return proxies(trusted_downstream=trusted).client(peer(address), headers)[0]


def scheme(headers: Headers, address: IAddress = LOOPBACK) -> str:
    """The protocol that a request from a peer counts as."""
    return proxies().client(peer(address), headers)[1]


def test_off() -> None:
    """A port that believes nobody and is told nothing needs no object."""
    assert ProxyHeaders.for_options(ServerOptions(trusted_downstream=("10.0.0.0/8",))) is None  # type: ignore[arg-type]


def test_absent() -> None:
    """Without a header the client is the peer."""
    assert proxies().client(peer(), {"Host": "a"}) == ("127.0.0.1", "http")


class TestTrust:
    """Who is believed."""

    @pytest.mark.parametrize(
        "address",
        [
            IPv4Address("TCP", "127.0.0.1", 1),
            IPv4Address("TCP", "127.255.255.254", 1),
            IPv6Address("TCP", "::1", 1),
            IPv6Address("TCP", "::ffff:127.0.0.1", 1),
            UNIXAddress("/run/web.sock"),
        ],
    )
    def test_this_machine(self, address: IAddress) -> None:
        """Loopback in all its forms and unix sockets are believed without a setting."""
        assert ip({"X-Real-Ip": "192.0.2.1"}, address) == "192.0.2.1"
        assert scheme({"X-Scheme": "https"}, address) == "https"

    @pytest.mark.parametrize(
        "address",
        [
            STRANGER,
            IPv4Address("TCP", "128.0.0.1", 1),
            IPv6Address("TCP", "::2", 1),
            IPv6Address("TCP", "::ffff:128.0.0.1", 1),
            IPv6Address("TCP", "fe80::1%eth0", 1),
            IPv4Address("TCP", "unix", 1),
        ],
    )
    def test_strangers(self, address: IAddress) -> None:
        """Nobody else is."""
        headers: Headers = {"X-Real-Ip": "192.0.2.1", "X-Forwarded-For": "192.0.2.1"}
        assert ip(headers, address) == peer(address).remote_ip
        assert scheme({"X-Scheme": "https", "X-Forwarded-Proto": "https"}, address) == "http"

    @pytest.mark.parametrize(
        ("trusted", "address"),
        [
            ("10.0.0.0/8", IPv4Address("TCP", "10.255.255.255", 1)),
            ("10.0.0.7", IPv4Address("TCP", "10.0.0.7", 1)),
            ("10.0.0.0/8", IPv6Address("TCP", "::ffff:10.1.2.3", 1)),
            ("::ffff:10.0.0.0/104", IPv4Address("TCP", "10.1.2.3", 1)),
            ("::ffff:10.0.0.7", IPv6Address("TCP", "::ffff:10.0.0.7", 1)),
            ("2001:db8::/32", IPv6Address("TCP", "2001:db8::1", 1)),
            ("fe80::/10", IPv6Address("TCP", "fe80::1%eth0", 1)),
            ("0.0.0.0/0", STRANGER),
        ],
    )
    def test_setting(self, trusted: str, address: IAddress) -> None:
        """Addresses and networks of the setting are, whatever form they come in."""
        assert ip({"X-Real-Ip": "192.0.2.1"}, address, (trusted,)) == "192.0.2.1"

    @pytest.mark.parametrize(
        ("trusted", "address"),
        [
            ("10.0.0.0/8", IPv4Address("TCP", "11.0.0.0", 1)),
            ("10.0.0.7", IPv4Address("TCP", "10.0.0.8", 1)),
            ("::ffff:10.0.0.0/104", IPv4Address("TCP", "11.0.0.0", 1)),
            ("2001:db8::/32", IPv6Address("TCP", "2001:db9::", 1)),
            ("::/0", STRANGER),
        ],
    )
    def test_beside_the_setting(self, trusted: str, address: IAddress) -> None:
        """The next address is not."""
        expected = peer(address).remote_ip
        assert ip({"X-Real-Ip": "192.0.2.1"}, address, (trusted,)) == expected


class TestRealIp:
    """`X-Real-Ip` names one address."""

    def test_wins(self) -> None:
        """It is taken where both are there, as in Tornado."""
        assert ip({"X-Forwarded-For": "192.0.2.1", "X-Real-Ip": "192.0.2.2"}) == "192.0.2.2"

    def test_wins_by_being_there(self) -> None:
        """A bad one is not replaced by what the other header says."""
        assert ip({"X-Forwarded-For": "192.0.2.1", "X-Real-Ip": "nobody"}) == "127.0.0.1"

    def test_no_list(self) -> None:
        """Two addresses, in one header or in two, are none."""
        assert ip({"X-Real-Ip": "192.0.2.1, 192.0.2.2"}) == "127.0.0.1"
        assert ip({"X-Real-Ip": ["192.0.2.1", "192.0.2.2"]}) == "127.0.0.1"


class TestAddresses:
    """What counts as an address."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("192.0.2.1", "192.0.2.1"),
            (" \t192.0.2.1\t ", "192.0.2.1"),
            ("192.0.2.1:54321", "192.0.2.1"),
            ("255.255.255.255:0", "255.255.255.255"),
            ("2001:DB8:0::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
            ("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:" * 7 + "ffff"),
        ],
    )
    def test_forms(self, text: str, expected: str) -> None:
        """Ports and brackets are taken off, and every address has one spelling."""
        assert ip({"X-Real-Ip": text}) == expected
        assert ip({"X-Forwarded-For": text}) == expected

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "unknown",
            "_hidden",
            "localhost",
            "192.0.2",
            "192.0.2.256",
            "192.0.2.01",
            "192.0.2.1/32",
            "192.0.2.1:",
            "192.0.2.1:123456",
            "192.0.2.1:80:80",
            "192.0.2.1.",
            "[192.0.2.1",
            "[]:80",
            "[2001:db8::1",
            "2001:db8::1]",
            "[2001:db8::1]80",
            "2001:db8::1::2",
            "fe80::1%eth0",
            "[fe80::1%25eth0]:80",
            "::1%<script>",
            "\xb9\xb2.0.2.1",
            "\uff11\uff19\uff12.0.2.1",
            "1" * 8000,
            "a" * 64 + ".example.org",
            "1." * 4000,
            ":" * 8000,
            '"192.0.2.1"',
            "for=192.0.2.1",
            "\x00",
        ],
    )
    def test_others(self, text: str) -> None:
        """Anything else leaves the peer's address; cyclone 1.x lost the connection over some."""
        assert ip({"X-Real-Ip": text}) == "127.0.0.1"
        assert ip({"X-Forwarded-For": text}) == "127.0.0.1"
        assert ip({"X-Forwarded-For": f"192.0.2.1,{text}"}) == "127.0.0.1"


class TestForwardedFor:
    """`X-Forwarded-For` is read from the right."""

    TRUSTED = ("10.0.0.0/8", "2001:db8::/32")

    @pytest.mark.parametrize(
        ("chain", "expected"),
        [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1, 10.0.0.1", "192.0.2.1"),
            ("192.0.2.1,10.0.0.1,\t2001:db8::1 ,127.0.0.1,::1", "192.0.2.1"),
            ("192.0.2.1, 10.0.0.1:4711, [2001:db8::1]:80", "192.0.2.1"),
            ("192.0.2.1, ::ffff:10.0.0.1", "192.0.2.1"),
            ("203.0.113.5, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
            ("10.0.0.9, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
            ("nonsense, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
            ("192.0.2.1, unix:", "192.0.2.1"),
            ("192.0.2.1, unix:, 10.0.0.1", "192.0.2.1"),
        ],
    )
    def test_last_untrusted(self, chain: str, expected: str) -> None:
        """Trusted proxies are skipped; what stands left of the first stranger is not believed."""
        assert ip({"X-Forwarded-For": chain}, trusted=self.TRUSTED) == expected

    @pytest.mark.parametrize(
        ("chain", "expected"),
        [
            ("10.0.0.1", "10.0.0.1"),
            ("10.0.0.1, 10.0.0.2", "10.0.0.1"),
            ("127.0.0.2, 10.0.0.2", "127.0.0.2"),
            ("unix:, 10.0.0.2", "10.0.0.2"),
            ("unix:", "127.0.0.1"),
        ],
    )
    def test_trusted_alone(self, chain: str, expected: str) -> None:
        """A request that comes from within is the farthest proxy's own."""
        assert ip({"X-Forwarded-For": chain}, trusted=self.TRUSTED) == expected

    @pytest.mark.parametrize(
        "chain", ["192.0.2.1, nobody", "192.0.2.1, nobody, 10.0.0.1", "192.0.2.1,,10.0.0.1", ","]
    )
    def test_hole(self, chain: str) -> None:
        """Nothing to the left of what cannot be read is believed: a client may have written it."""
        assert ip({"X-Forwarded-For": chain}, trusted=self.TRUSTED) == "127.0.0.1"

    def test_repeated(self) -> None:
        """Several headers are one list, in their order."""
        chain = ["203.0.113.5, 192.0.2.1", "10.0.0.2", "10.0.0.1"]
        assert ip({"X-Forwarded-For": chain}, trusted=self.TRUSTED) == "192.0.2.1"

    @pytest.mark.parametrize(("count", "expected"), [(31, "192.0.2.1"), (32, "10.0.0.1")])
    def test_bound(self, count: int, expected: str) -> None:
        """Thirty-two entries are looked at."""
        chain = ", ".join(["192.0.2.1", *["10.0.0.1"] * count])
        assert ip({"X-Forwarded-For": chain}, trusted=self.TRUSTED) == expected

    def test_long(self) -> None:
        """A header of a megabyte is cut once, not taken apart."""
        assert ip({"X-Forwarded-For": "," * 1_000_000 + "192.0.2.1"}) == "192.0.2.1"


class TestProtocol:
    """`X-Scheme`, then `X-Forwarded-Proto`."""

    @pytest.mark.parametrize("name", ["X-Scheme", "X-Forwarded-Proto"])
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("https", "https"),
            ("http", "http"),
            ("HTTPS", "https"),
            (" https\t", "https"),
            ("http, https", "https"),
            ("https,http", "http"),
            (["http", "http, https"], "https"),
            (["https", "http"], "http"),
            ("https,", "http"),
            ("https, ftp", "http"),
            ("wss", "http"),
            ("ftp", "http"),
            ("", "http"),
            ("http\u017f", "http"),
            ("javascript:alert(1)", "http"),
        ],
    )
    def test_values(self, name: str, value: str | list[str], expected: str) -> None:
        """The last one counts, in any case; what is neither http nor https does not."""
        assert scheme({name: value}) == expected

    def test_scheme_wins(self) -> None:
        """`X-Scheme` is taken where both are there, even if it is unusable."""
        assert scheme({"X-Scheme": "https", "X-Forwarded-Proto": "http"}) == "https"
        assert scheme({"X-Scheme": "ftp", "X-Forwarded-Proto": "https"}) == "http"

    @pytest.mark.parametrize("protocol", ["http", "https"])
    def test_option(self, protocol: str) -> None:
        """The option of a port beats headers and connection, for strangers as well."""
        without = ProxyHeaders.for_options(ServerOptions(protocol=protocol))
        assert without is not None
        headers: Headers = {"X-Scheme": "http", "X-Real-Ip": "192.0.2.1"}
        assert without.client(peer(), headers) == ("127.0.0.1", protocol)
        believing = proxies(protocol=protocol)
        assert believing.client(peer(), headers) == ("192.0.2.1", protocol)
        assert believing.client(peer(STRANGER), headers) == ("192.0.2.66", protocol)


class TestWarning:
    """The first header that is ignored."""

    @pytest.mark.parametrize(
        "name", ["X-Real-Ip", "X-Forwarded-For", "X-Scheme", "X-Forwarded-Proto"]
    )
    def test_once(self, name: str, log: Log) -> None:
        """One line for each port names the header, the address and the setting."""
        port = proxies()
        for _ in range(3):
            port.client(peer(STRANGER), {"Host": "a"})
            port.client(peer(), {name: "https"})
        assert log.events == []
        for _ in range(3):
            port.client(peer(STRANGER), {name: "https"})
        (event,) = log.events
        assert event["log_namespace"] == "cyclone.httpserver"
        line = event["log_format"].format(**event)
        assert line.startswith(f"The header {name} from 192.0.2.66 is ignored")
        assert "setting trusted_downstream" in line

    def test_nameless(self, log: Log) -> None:
        """A transport without an address has a line, too."""
        proxies().client(Peer(StringTransport(peerAddress=object())), {"X-Scheme": "http"})
        assert log.events[0]["ip"] == "an unknown address"


ENTRY = st.one_of(
    st.ip_addresses().map(str),
    st.ip_addresses().map(lambda each: f"[{each}]:80"),
    st.text(string.printable, max_size=20),
    st.text(max_size=5),
    st.sampled_from(["10.0.0.1", "127.0.0.1", "unix:", "fe80::1%1", "", " "]),
)
VALUE = st.lists(ENTRY, max_size=5).map(",".join)
VALUES = st.one_of(VALUE, st.lists(VALUE, min_size=2, max_size=4))


@settings(derandomize=True)
@given(
    headers=st.dictionaries(
        st.sampled_from(["X-Real-Ip", "X-Forwarded-For", "X-Scheme", "X-Forwarded-Proto"]), VALUES
    ),
    address=st.sampled_from([LOOPBACK, STRANGER, UNIXAddress("/run/web.sock")]),
)
@example({"X-Real-Ip": "\ud800"}, LOOPBACK)
@example({"X-Forwarded-For": "%" * 50}, LOOPBACK)
def test_anything(headers: Headers, address: IAddress) -> None:
    """No header raises, and the client is the peer or an address in its one spelling."""
    connected = peer(address)
    port = proxies(trusted_downstream=("10.0.0.0/8",))
    remote_ip, protocol = port.client(connected, headers)
    assert remote_ip == connected.remote_ip or str(ipaddress.ip_address(remote_ip)) == remote_ip
    assert protocol in {"http", "https"}
    if address is STRANGER:
        assert (remote_ip, protocol) == ("192.0.2.66", "http")


@settings(derandomize=True)
@given(st.ip_addresses(), st.lists(ENTRY, max_size=10))
def test_invented(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, before: list[str]
) -> None:
    """Whatever a client sends itself, it is who the proxy has seen."""
    mapped = getattr(address, "ipv4_mapped", None) or address
    if mapped.is_loopback:
        return
    assert ip({"X-Forwarded-For": [",".join(before), str(address)]}) == str(mapped)
