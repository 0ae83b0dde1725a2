# Copyright 2026 The cyclone developers; see LICENSE.  # noqa: INP001 -- Twisted's package
"""Makes `twistd cyclone` known. The maker is a name: `twistd --help` imports nothing of ours."""

from twisted.application.service import ServiceMaker

cyclone = ServiceMaker(
    "cyclone",
    "cyclone_core.cli.plugin",
    "A cyclone web application over HTTP, HTTPS or a unix socket.",
    "cyclone",
)
