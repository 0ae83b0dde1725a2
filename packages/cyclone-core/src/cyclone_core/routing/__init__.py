"""From a request to what answers it (Tornado: `tornado.routing`).

A `Rule` is a `Matcher` and a target; a `RuleRouter` tries its rules in their order. An `Application` is a
router, too, and so may be the target of a rule::

    router = RuleRouter(
        [
            Rule(HostMatches("admin.example.com"), admin_application),
            Rule(PathMatches("/api/.*"), api_application),
            Rule(AnyMatches(), site_application),
        ]
    )
    HTTPServer(router).listen(8888)

Layers, low to high: `reversing` (a pattern back to a path), `matchers`, `rules`, `targets` (what a rule
leads to), `routers`.
"""

from cyclone_core.routing.matchers import (
    AnyMatches,
    DefaultHostMatches,
    HostMatches,
    Matcher,
    PathMatches,
)
from cyclone_core.routing.reversing import URLReverseError
from cyclone_core.routing.routers import (
    ReversibleRouter,
    ReversibleRuleRouter,
    Router,
    RuleRouter,
)
from cyclone_core.routing.rules import Rule, URLSpec
from cyclone_core.routing.targets import Match, Target

__all__ = [
    "AnyMatches",
    "DefaultHostMatches",
    "HostMatches",
    "Match",
    "Matcher",
    "PathMatches",
    "ReversibleRouter",
    "ReversibleRuleRouter",
    "Router",
    "Rule",
    "RuleRouter",
    "Target",
    "URLReverseError",
    "URLSpec",
]
