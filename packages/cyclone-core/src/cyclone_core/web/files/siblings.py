"""Files that were compressed beforehand: `style.css.gz` beside `style.css`."""

import os
import stat
from collections.abc import Mapping

from cyclone_core.web.accept_encoding import coding_weights

__all__ = ["choose_coding", "find_siblings"]


def find_siblings(path: str, modified: float, suffixes: Mapping[str, str]) -> tuple[str, ...]:
    """Look for compressed files beside a file.

    One that is older than the original is none: somebody has forgotten to compress it anew. Whole seconds
    count, because some compressors copy the original's time without the rest.

    Args:
        path: The path of the original.
        modified: When it was modified, in seconds since 1970.
        suffixes: By content coding what is added to the name, the best coding first.

    Returns:
        The codings of those that are there, in that order.
    """
    return tuple(
        [name for name, suffix in suffixes.items() if _is_current(path + suffix, modified)]
    )


def _is_current(path: str, modified: float) -> bool:
    try:
        status = os.stat(path)  # noqa: PTH116 -- Path is slower
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and int(status.st_mtime) >= int(modified)


def choose_coding(field: str, codings: tuple[str, ...]) -> str | None:
    """Choose what a client likes best.

    Args:
        field: The value of `Accept-Encoding`.
        codings: The content codings that there are, the best one first: it is taken where the client
            likes several alike.

    Returns:
        One of them; None if the client would rather have the original, or says nothing of them.
    """
    weights = coding_weights(field)
    others = weights.get("*", 0.0)
    best = max(codings, key=lambda coding: weights.get(coding, others))
    weight = weights.get(best, others)
    # The original is taken if nothing better is there, unless it is named.
    return best if weight and weight >= weights.get("identity", 0.0) else None
