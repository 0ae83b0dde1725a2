"""`python -m cyclone_core.autoreload PROGRAM`: see `cyclone_core.autoreload.main`."""

from cyclone_core.autoreload import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
