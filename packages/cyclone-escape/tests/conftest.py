"""Settings of this package's tests."""

from hypothesis import settings

# A shared machine may stop for a second: hypothesis must not call that a failure.
settings.register_profile("cyclone", deadline=None, derandomize=True, database=None)
settings.load_profile("cyclone")
