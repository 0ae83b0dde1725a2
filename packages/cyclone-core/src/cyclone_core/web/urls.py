"""URLs of the application's own resources."""

from typing import TYPE_CHECKING, Any

from cyclone_core.web.base import HandlerBase

__all__ = ["URLMethods"]


class URLMethods(HandlerBase):
    """The methods of `RequestHandler` that make URLs."""

    if TYPE_CHECKING:

        def require_setting(self, name: str, feature: str = "this feature") -> None:
            """Make sure that the application has a setting."""

    def static_url(
        self,
        path: str,
        include_host: bool | None = None,
        **kwargs: Any,  # noqa: ANN401 -- what a class of the application takes
    ) -> str:
        """Make the URL of a file below the setting `static_path`, with its version in it.

        A client may keep what such a URL leads to for ever: the version changes with the file.

        Args:
            path: The path below the directory. It should not come from a client: each one is looked up
                on the disk.
            include_host: Whether to begin with scheme and host, as the client has sent them. By default
                the handler's attribute of this name says so, or else they are left out.
            kwargs: For `make_static_url` of the setting `static_handler_class`; that of
                `StaticFileHandler` takes `include_version`.

        Returns:
            The URL, for example `/static/style.css?v=…`.

        Raises:
            HTTPError: The path leads out of the directory: 403.
            MissingSettingError: The application has no `static_path`.
        """
        self.require_setting("static_path", "static_url")
        settings = self.application.settings
        kind = settings.get("static_handler_class")
        if kind is None:
            from cyclone_core.web.staticfiles import StaticFileHandler

            kind = StaticFileHandler
        url: str = kind.make_static_url(settings, path, **kwargs)
        if include_host is None:
            include_host = getattr(self, "include_host", False)
        return f"{self.request.protocol}://{self.request.host}{url}" if include_host else url

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
