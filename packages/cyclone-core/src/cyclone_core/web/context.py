"""Running the code of one request in that request's context; see `cyclone_core.coroutines`."""

from cyclone_core.coroutines import run_in

__all__ = ["run_in"]
