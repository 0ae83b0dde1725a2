"""Translation catalogues and localized formatting, for the cyclone web framework.

This version holds no code yet and exports nothing. A later version brings
translation catalogues (gettext and CSV), the choice of a user's locale, and the formatting of
dates, numbers and lists.
"""

__all__: list[str] = []
