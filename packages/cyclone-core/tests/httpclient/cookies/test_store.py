"""A jar stays small, and quick whatever is thrown at it."""

from time import thread_time

import pytest

from cyclone_core.httpclient.cookies import Cookie, CookieJar
from cyclone_core.httpclient.urls import parse_url
from cyclone_core.httputil import HTTPHeaders

NOW = 1_400_000_000.0


class Time:
    """A clock that a test sets."""

    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    """The clock of the jar."""
    return Time()


def receive(jar: CookieJar, *lines: str, url: str = "https://www.example.org/") -> None:
    """Give the jar what an answer sets."""
    jar.receive(parse_url(url), HTTPHeaders([("Set-Cookie", line) for line in lines]))


def sent(jar: CookieJar, url: str = "https://www.example.org/") -> str:
    """Ask what is sent to a URL."""
    return jar.header_for(parse_url(url))


def names(jar: CookieJar) -> str:
    """List the names of all cookies."""
    return " ".join(each.name for each in jar.all())


def test_per_domain(time: Time) -> None:
    """A domain has room for so many cookies; the one that was used longest ago goes."""
    jar = CookieJar(now=time, max_cookies_per_domain=3)
    receive(jar, "a=1; Path=/a", "b=2; Path=/b", "c=3; Path=/c")
    receive(jar, "a=1", url="https://other.org/")
    assert sent(jar, "https://www.example.org/a") == "a=1"
    receive(jar, "d=4")
    assert names(jar) == "a c a d"
    receive(jar, "c=5; Path=/c", "e=6")
    assert names(jar) == "c a d e"


def test_plain_goes_first(time: Time) -> None:
    """Of a domain that has too many, cookies for https stay longest, even before a new one."""
    jar = CookieJar(now=time, max_cookies_per_domain=2)
    receive(jar, "a=1; Secure", "b=2", "c=3; Secure")
    assert names(jar) == "a c"
    receive(jar, "d=4")
    assert names(jar) == "a c"
    receive(jar, "e=5; Secure")
    assert names(jar) == "c e"


def test_ended_goes_first(time: Time) -> None:
    """What has ended makes room before anything else does."""
    jar = CookieJar(now=time, max_cookies=3, max_cookies_per_domain=3)
    receive(jar, "a=1", "b=2; Max-Age=5; Secure", "c=3; Max-Age=9")
    time.now += 5
    receive(jar, "d=4")
    assert names(jar) == "a c d"
    time.now += 5
    jar["e"] = "5"
    assert names(jar) == "a d e"


def test_total(time: Time) -> None:
    """A jar has room for so many cookies of all domains together."""
    jar = CookieJar(now=time, max_cookies=3)
    for host in "abc":
        receive(jar, f"{host}=1", url=f"https://{host}.org/")
    sent(jar, "https://a.org/")
    receive(jar, "d=1; Secure", url="https://d.org/")
    assert names(jar) == "a c d"
    receive(jar, "c=2", url="https://c.org/")
    jar["e"] = "5"
    assert names(jar) == "c d e"


def test_for_every_host(time: Time) -> None:
    """Cookies that are for every host have no domain whose bound they could exceed."""
    jar = CookieJar(now=time, max_cookies_per_domain=2)
    for name in "abc":
        jar[name] = "1"
    assert sent(jar) == "a=1; b=1; c=1"
    for name in "abc":
        jar.set(name, "2", domain="example.org")
    assert names(jar) == "a b c b c"


def test_defaults(time: Time) -> None:
    """Without being told, a jar keeps 50 cookies of a domain and 3000 in all."""
    jar = CookieJar(now=time)
    for domain in range(61):
        lines = [f"n{number}=1" for number in range(51)]
        receive(jar, *lines, url=f"https://{domain}.example/")
        assert len(jar.all()) == min(50 * (domain + 1), 3000)


def best(action: "type[Flood]", size: int, tries: int) -> float:
    """Measure how many seconds an attack takes, at best of some."""
    found = []
    for _ in range(tries):
        attack = action(size)
        start = thread_time()
        attack.run()
        found.append(thread_time() - start)
    return min(found)


class Flood:
    """An attack of a size on a jar that a victim uses."""

    def __init__(self, size: int) -> None:
        self.jar = CookieJar(now=Time())
        self.url = parse_url("https://www.example.org/")
        self.headers = HTTPHeaders([("Set-Cookie", line) for line in self.lines(size)])

    def lines(self, size: int) -> list[str]:
        """Make what the hostile server sets."""
        return [f"n{number}=1" for number in range(size)]

    def run(self) -> None:
        """Let it happen."""
        self.jar.receive(self.url, self.headers)
        self.jar.header_for(self.url)


class ManySecure(Flood):
    """Cookies for https that fill the domain, so that all have to be looked at for one that is not."""

    def lines(self, size: int) -> list[str]:
        return [f"n{number}=1; Secure" for number in range(size)]


class ManyEnds(Flood):
    """Cookies of which each ends at another time, and each but the last was replaced."""

    def lines(self, size: int) -> list[str]:
        return [f"n{number % 50}=1; Max-Age={number + 1}" for number in range(size)]


class LongAttributes(Flood):
    """One line that is nothing but attributes."""

    def lines(self, size: int) -> list[str]:
        return ["a=1" + ";" * size * 40 + "; Expires=1" * size + "; =" * size]


class LongDates(Flood):
    """One line with a date that is nothing but delimiters and digits."""

    def lines(self, size: int) -> list[str]:
        return ["a=1" + ("; Expires=" + "1 " * 500) * (size // 10)]


class LongValue(Flood):
    """One line that is nothing but blanks and `=`."""

    def lines(self, size: int) -> list[str]:
        return [" " * size * 50 + "=" * size * 50]


@pytest.mark.parametrize(
    "attack", [Flood, ManySecure, ManyEnds, LongAttributes, LongDates, LongValue]
)
def test_linear(attack: type[Flood]) -> None:
    """Eight times the attack takes about eight times as long: 10,000 cookies, or a line of 1 MB."""
    small, large = best(attack, 1250, 3), best(attack, 10_000, 2)
    assert large < 24 * small + 0.05


def test_many_hosts() -> None:
    """A new cookie costs the same in a jar that is full, and one over http does not look at all others."""
    full = CookieJar(now=Time())
    for number in range(3000):
        full.add(Cookie("id", "1", f"host{number}.example", secure=True))
    lines = HTTPHeaders([("Set-Cookie", f"n{number}=1") for number in range(3000)])
    url = parse_url("http://www.example.org/")
    times = []
    for jar in (full, CookieJar(now=Time())):
        start = thread_time()
        jar.receive(url, lines)
        times.append(thread_time() - start)
    assert len(full.all()) == 3000
    assert times[0] < 5 * times[1] + 0.05
