"""URLs of the application's own resources."""

from cyclone_core.web.base import HandlerBase

__all__ = ["URLMethods"]


class URLMethods(HandlerBase):
    """The methods of `RequestHandler` that make URLs."""

    def reverse_url(self, name: str, *args: object, **kwargs: object) -> str:
        """Make the URL of a named route, with path and query; see `Application.reverse_url`.

        Args:
            name: The route's name.
            args: Values for the groups of its pattern, percent-encoded.
            kwargs: Values of its named groups; others become a query string, sorted by name.

        Returns:
            The URL.

        Raises:
            KeyError: No route has the name.
            URLReverseError: No path can be made of its pattern and these values.
        """
        return self.application.reverse_url(name, *args, **kwargs)
