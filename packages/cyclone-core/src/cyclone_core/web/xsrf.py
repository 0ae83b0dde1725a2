"""Refusing requests that another site has made a browser send."""

from cyclone_core.web.users import UserMethods

__all__ = ["ForgeryMethods"]


class ForgeryMethods(UserMethods):
    """The methods of `RequestHandler` against cross-site request forgery."""

    def _check_forgery(self) -> None:
        """Refuse a request that another site has made a browser send.

        It is called before `prepare`, for every method but GET, HEAD and OPTIONS.

        Raises:
            HTTPError: The request is refused: status 403.
        """
