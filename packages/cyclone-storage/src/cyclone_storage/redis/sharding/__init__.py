"""Several servers as one: each key is on one of them."""
