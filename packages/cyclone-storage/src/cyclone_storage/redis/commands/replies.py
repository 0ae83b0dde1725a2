"""What replies become: the conversions that programs rely on.

Each takes a reply of the wanted shape; any other (None, `"QUEUED"`, an error in the list that ends a
transaction) stays what it is.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from cyclone_storage.redis.errors import ResponseError

__all__ = ["Convert"]

Convert = Callable[[Any], Any]
