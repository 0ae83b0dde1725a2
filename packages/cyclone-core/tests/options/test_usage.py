"""The text of `--help`."""

from cyclone_core.options.option import Option
from cyclone_core.options.usage import usage


def test_usage() -> None:
    """Options stand in groups, in their order, with default and variable, wrapped."""
    options = [
        Option("zoo", default=["a"], help="animals", multiple=True, group="b", env="ZOO"),
        Option("log_file", metavar="PATH", help="word " * 20, group="b"),
        Option("x" * 40, help="long name", group="/a/../c.py"),
        Option("empty", default="", multiple=False, group="b"),
        Option("none", multiple=True, group="b"),
        Option("help", help="show this help information"),
    ]
    assert usage("prog", options).splitlines() == [
        "Usage: prog [OPTIONS]",
        "",
        "Options:",
        "",
        "  --help                          show this help information",
        "",
        "/c.py options:",
        "",
        f"  --{'x' * 40}",
        "                                  long name",
        "",
        "b options:",
        "",
        "  --empty",
        "  --log-file=PATH                 word word word word word word word word word",
        "                                  word word word word word word word word word",
        "                                  word word",
        "  --none",
        "  --zoo                           animals (default ['a']) (environment ZOO)",
        "",
    ]
