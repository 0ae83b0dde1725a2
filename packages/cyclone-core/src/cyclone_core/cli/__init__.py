"""The command line: `cyclone run`, `twistd cyclone`, and what they share.

`options` is the table of options both are built from, `loading` finds the application, `bindings`
and `service` open its ports, `plugin` and `main` are the two ways in. Nothing here imports the web
framework: the user's own module does, when it is loaded.
"""

__all__: list[str] = []
