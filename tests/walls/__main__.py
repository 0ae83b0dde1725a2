"""`python tests/walls`: every problem of the source, and the figures; `--write`: the name list."""

import argparse
import sys
from pathlib import Path

# Run as a directory, this file is no part of a package yet.
sys.path.insert(0, str(Path(__file__).parents[1]))

from walls import bans, closure, exports, habits, layers, size, tidy, versions

ROOT = Path(__file__).parents[2]
CHECKS = (
    layers.check_imports,
    layers.check_circles,
    layers.check_classic_name,
    bans.check_posix_only,
    bans.check_reactor,
    bans.check_asserts_and_prints,
    versions.check_versions,
    versions.check_pins,
    versions.check_tree,
    size.check_size,
    exports.check_exports,
    exports.check_docstrings,
    habits.check_test_docstrings,
    habits.check_tests,
    habits.check_pragmas,
    closure.check_closure,
    tidy.check_fragments,
    tidy.check_machine_paths,
    tidy.check_generated,
)


def main() -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python tests/walls", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {exports.LIST} anew")
    if parser.parse_args().write:
        exports.write_public_names(ROOT)
    problems = sorted({problem for check in CHECKS for problem in check(ROOT)})
    lines = [*map(str, problems), *habits.platform_pragmas(ROOT), str(size.figures(ROOT))]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
