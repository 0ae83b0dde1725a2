"""Several servers as one: each key is on one of them."""

__all__: list[str] = []
