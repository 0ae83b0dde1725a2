"""The parser that all modules of a program share, and how programs fail."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from cyclone_core.options import Error, UnknownOptionError, define, options

SHARED = """
import sys
from cyclone_core import options
from cyclone_core.options import *

define("port", default=8888, help="port to listen on")
define("size", default=1, env="APP_SIZE")
add_parse_callback(lambda: print("parsed", options.port, options.size))
parse_config_file(sys.argv[1], final=False)
rest = parse_command_line([sys.argv[0], *sys.argv[2:]])
print(rest, sorted(options.groups()) == ["", __file__, "logging"])
parse_environment(final=False)
print_help(sys.stdout)
"""


def test_shared(tmp_path: Path) -> None:
    """The functions of the module work on one parser, and `define` knows who calls."""
    program, config = tmp_path / "program.py", tmp_path / "app.conf"
    program.write_text(SHARED)
    config.write_text("size = 3")
    command = [
        sys.executable,
        "-W",
        "error",
        str(program),
        str(config),
        "--port=9",
        "--logging=none",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.stderr == ""
    parsed, rest, *help_lines = done.stdout.splitlines()
    assert (parsed, rest) == ("parsed 9 3", "[] True")
    assert help_lines[0] == f"Usage: {program} [OPTIONS]"
    assert f"{program} options:" in help_lines
    assert "logging options:" in help_lines


def test_defined_elsewhere() -> None:
    """The options of the log are there, with Tornado's names and defaults."""
    assert options.group_dict("logging") == {
        "logging": "info",
        "log_to_stderr": None,
        "log_file_prefix": None,
        "log_file_max_size": 100_000_000,
        "log_file_num_backups": 10,
        "log_rotate_when": "midnight",
        "log_rotate_interval": 1,
        "log_rotate_mode": "size",
    }
    with pytest.raises(Error, match=r"'logging' is already defined in .*pretty\.py"):
        define("logging")


def test_errors() -> None:
    """An Error is a ValueError, begins with its source, and can be sent to another process."""
    error = Error("it is wrong", option="port", source="command line")
    assert isinstance(error, ValueError)
    assert str(error) == "command line: it is wrong"
    double = pickle.loads(pickle.dumps(error))  # noqa: S301 -- our own
    assert (str(double), double.option, double.source) == (str(error), "port", "command line")
    unknown = pickle.loads(pickle.dumps(UnknownOptionError("x")))  # noqa: S301 -- our own
    assert (str(unknown), unknown.option, unknown.source) == ("x", None, None)
    assert isinstance(unknown, AttributeError)
