"""WSGI applications, such as those of Flask and Django, beside request handlers (PEP 3333)."""

from cyclone_core.wsgi.container import WSGIContainer

__all__ = ["WSGIContainer"]
