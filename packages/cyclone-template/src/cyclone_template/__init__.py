"""The template engine of the cyclone web framework."""

__all__: list[str] = []
