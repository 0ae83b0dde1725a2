"""The shared table of options and its checks."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.cli.options import OPTIONS, Settings, versions
from cyclone_core.cli.problems import UsageProblem


def test_the_defaults_are_those_of_the_newest_readme() -> None:
    """Port 8888 and 8443, both on 127.0.0.1, server.crt and server.key."""
    settings = Settings.read({"app": "hello.Application"})
    assert dataclasses.asdict(settings) == {
        "port": 8888,
        "listen": "127.0.0.1",
        "unix": None,
        "app": "hello.Application",
        "appopts": None,
        "ssl_port": 8443,
        "ssl_listen": "127.0.0.1",
        "ssl_cert": "server.crt",
        "ssl_key": "server.key",
        "ssl_app": None,
        "ssl_appopts": None,
    }


def test_every_option_is_a_setting() -> None:
    """The table and the settings name the same things, in the same order."""
    fields = [field.name.replace("_", "-") for field in dataclasses.fields(Settings)]
    assert [option.name for option in OPTIONS] == fields


def test_the_letters_are_the_classic_ones() -> None:
    """-p -l -u -r -c, as in cyclone 1.x."""
    letters = {option.short: option.name for option in OPTIONS if option.short}
    assert letters == {"p": "port", "l": "listen", "u": "unix", "r": "app", "c": "appopts"}


@given(st.integers(0, 65535))
def test_every_port_number_is_taken(number: int) -> None:
    """0 to 65535 are ports, for HTTP and HTTPS."""
    settings = Settings.read({"app": "a.B", "port": str(number), "ssl-port": str(number)})
    assert settings.port == settings.ssl_port == number


@pytest.mark.parametrize("text", ["", "-1", "65536", "80a", "8 0", "+80", "0x50", "٨٨", "9" * 5000])
@pytest.mark.parametrize("name", ["port", "ssl-port"])
def test_anything_else_is_no_port(name: str, text: str) -> None:
    """The message names the option and the range."""
    with pytest.raises(UsageProblem, match=rf"--{name}=.* takes a number from 0 to 65535\.$"):
        Settings.read({"app": "a.B", name: text})


def test_an_empty_value_stays_empty() -> None:
    """--listen= means every address, and an empty --appopts is an argument all the same."""
    settings = Settings.read({"app": "a.B", "listen": "", "appopts": ""})
    assert (settings.listen, settings.appopts) == ("", "")


def test_the_file_is_the_application() -> None:
    """FILE.py is --app=FILE.py."""
    assert Settings.read({}, "hello.py").app == "hello.py"


def test_an_application_for_https_alone_is_enough() -> None:
    """--ssl-app alone serves HTTPS only."""
    settings = Settings.read({"ssl-app": "hello.Application"})
    assert (settings.app, settings.ssl_app) == (None, "hello.Application")


@pytest.mark.parametrize(
    ("typed", "file", "message"),
    [
        ({}, None, r"^No application is named: give FILE\.py, or --app=NAME"),
        ({"app": "a.B"}, "c.py", r"^Both c\.py and --app=a\.B name the application"),
        ({}, "hello.txt", r"^hello\.txt is no Python file: give FILE\.py"),
        ({"app": "a.B", "unix": ""}, None, r"^--unix is empty"),
    ],
)
def test_impossible_combinations_are_refused(
    typed: dict[str, str | None], file: str | None, message: str
) -> None:
    """No application, two of them, a file that is no Python, an empty path."""
    with pytest.raises(UsageProblem, match=message):
        Settings.read(typed, file)


def test_versions_names_cyclone_and_twisted() -> None:
    """Two lines with the installed versions."""
    first, second = versions().splitlines()
    assert first.startswith("cyclone 2.")
    assert second.startswith("Twisted 2")
