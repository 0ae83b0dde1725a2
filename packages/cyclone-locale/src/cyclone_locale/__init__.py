"""Translation catalogues and localized formatting of the cyclone web framework."""

__all__: list[str] = []
