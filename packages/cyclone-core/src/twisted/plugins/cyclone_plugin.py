# ruff: noqa: INP001 -- the package is Twisted's
"""Makes `twistd cyclone` known. The maker is a name: `twistd --help` imports nothing of ours."""

from twisted.application.service import ServiceMaker

cyclone = ServiceMaker(
    "cyclone",
    "cyclone_core.cli.plugin",
    "A cyclone web application over HTTP, HTTPS or a unix socket.",
    "cyclone",
)
