"""E-mail messages and SMTP delivery on Twisted, for the cyclone web framework.

This version holds no code yet and exports nothing. A later version brings
messages with text, HTML and attachments, and their delivery over SMTP with TLS and
authentication.
"""

__all__: list[str] = []
