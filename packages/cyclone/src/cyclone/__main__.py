"""`python -m cyclone` is the command `cyclone`, which cyclone-core installs."""

import sys

from cyclone_core.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
