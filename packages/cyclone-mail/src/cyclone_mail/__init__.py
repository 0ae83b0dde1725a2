"""E-mail messages and SMTP delivery on Twisted, from the cyclone web framework."""

__all__: list[str] = []
