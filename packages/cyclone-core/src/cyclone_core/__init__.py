"""The heart of cyclone: the HTTP server and the web framework, the Tornado API as a Twisted protocol.

Its modules are the public interface: `cyclone_core.web`, `cyclone_core.httpserver`,
`cyclone_core.httputil`, `cyclone_core.options` and so on, and, with the distribution `cyclone` installed,
the same modules under their classic names `cyclone.web`, `cyclone.httpserver` and so on.
`cyclone_core.tls` has no classic name.
"""

__all__: list[str] = []
