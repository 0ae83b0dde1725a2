"""Settings of all tests of this package."""

from hypothesis import HealthCheck, settings

# A shared machine may stop for a second, in an example or while it is made: hypothesis must not call
# that a failure. All else is as it was: at random, or where CI is set, the same each time.
settings.register_profile(
    "cyclone", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("cyclone")
