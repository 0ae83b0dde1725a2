"""What of a client's text gets into a line: escapes, and masks of secrets."""

import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.log.text import masking, printable

mask = masking(["token", "Password", "my key", "."])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain {text} 'of' \"ASCII\" ~", "plain {text} 'of' \"ASCII\" ~"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\x1b[2J\x7f\0", r"\x1b[2J\x7f\x00"),
        ("\x85\x9b", r"\x85\x9b"),
        ("\u2028\u2029\u202e", r"\u2028\u2029\u202e"),
        ("é€\ud800", r"\xe9\u20ac\ud800"),
        ("\N{GRINNING FACE}", r"\U0001f600"),
        (r"\n", r"\\n"),
        ("", ""),
    ],
)
def test_printable(text: str, shown: str) -> None:
    """All but printable ASCII is escaped, and what looks like an escape is told from one."""
    assert printable(text) == shown


@given(st.text())
def test_printable_is_one_line(text: str) -> None:
    """Any text becomes one line of printable ASCII that tells what it was."""
    shown = printable(text)
    assert shown.isascii()
    assert shown.isprintable()
    assert shown.encode("ascii").decode("unicode_escape") == text


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("/?TOKEN=a&b=c", "/?TOKEN=***&b=c"),
        ("/?%70assword=a", "/?%70assword=***"),
        ("/?b=%20&pass%57or%64=a", "/?b=%20&pass%57or%64=***"),
        ("/?token[]=a&token%5B%5D=b", "/?token[]=***&token%5B%5D=***"),
        ("/?token[0]=a&token.x=b", "/?token[0]=***&token.x=***"),
        ("/?user.password=a;User[Password]=b", "/?user.password=***;User[Password]=***"),
        (
            "/?user%2Epassword=a&user%5bpassword%5d=b",
            "/?user%2Epassword=***&user%5bpassword%5d=***",
        ),
        ("/?user[login][password]=a", "/?user[login][password]=***"),
        ("/?my+key=a&my%20key=b&.=c", "/?my+key=***&my%20key=***&.=***"),
        ("/?token=a?b=c=d&e=f", "/?token=***&e=f"),
        ("/?next=/a?token=b&c=d", "/?next=/a?token=***&c=d"),
        ("/?token==&token=", "/?token=***&token=***"),
        ("/?token=a#token=b", "/?token=***#token=b"),
        ("/a.token=b?c=d&token=", "/a.token=b?c=d&token=***"),
        # No secrets, although they look like one.
        ("/?a=token&token", "/?a=token&token"),
        ("/?a=.token.&b=%74oken&%%=c", "/?a=.token.&b=%74oken&%%=c"),
        ("/?tokens[]=a&mytoken.x=b&xpassword=c", "/?tokens[]=a&mytoken.x=b&xpassword=c"),
        ("/?a[]=b&%C3=c&%=d", "/?a[]=b&%C3=c&%=d"),
        ("/?", "/?"),
        ("", ""),
    ],
)
def test_masking(uri: str, shown: str) -> None:
    """A value is hidden if its name is, or a part of it, however that is written; others are not."""
    assert mask(uri) == shown


NAMES = st.text(string.ascii_letters + string.digits, min_size=1, max_size=5)


@given(NAMES, st.data())
def test_a_name_in_any_form_is_hidden(name: str, data: st.DataObject) -> None:
    """However case, percent-encoding and brackets are mixed, the value is not shown."""
    pieces = [
        f"%{ord(letter):02x}" if data.draw(st.booleans()) else letter.swapcase() for letter in name
    ]
    form = data.draw(st.sampled_from(["{}", "{}[]", "{}[0]", "x.{}", "x[{}]", "x[{}].y"]))
    argument = form.format("".join(pieces))
    if data.draw(st.booleans()):
        argument = quote(argument, safe="%")
    assert masking([name])(f"/?-=b&{argument}=hush&_=d") == f"/?-=b&{argument}=***&_=d"


@given(st.text(), st.lists(st.text()))
def test_masking_takes_anything(uri: str, names: list[str]) -> None:
    """No URI and no name make it fail, and what it shows stays as it is the second time."""
    shown = masking(names)(uri)
    assert masking(names)(shown) == shown


def test_no_names() -> None:
    """Without names nothing is hidden."""
    assert masking([])("/?token=a") == "/?token=a"
