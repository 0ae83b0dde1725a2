"""The template engine, for the cyclone web framework.

This version holds no code yet and exports nothing. A later version brings
the template engine: templates compiled to Python, inheritance, automatic escaping, and
expressions that may still be waiting for their value.
"""

__all__: list[str] = []
