"""Values and texts as errors quote them: short, and whatever they are."""

from __future__ import annotations

import itertools

from jitnet.streams import visible

LONGEST = 1000
"""Letters of what others have said or given."""


def shortened(text: str, longest: int = LONGEST) -> str:
    r"""A text as one line that is not too long to be read, and steers no terminal.

    Examples
    --------
    >>> print(shortened("a\nb"))
    a\nb
    """
    line = visible(text[: longest + 1]).replace("\n", "\\n")
    return line if len(text) <= longest else f"{line[:longest]} …"


def quoted(value: object, longest: int = LONGEST) -> str:
    """A value as it shows itself, or its type where it cannot.

    Examples
    --------
    >>> quoted("ten"), quoted([1] * 100, 6)
    ("'ten'", '[1, 1, …')
    >>> quoted(10**5000)
    'an int'
    """
    try:
        return shortened(repr(value), longest)
    except Exception:  # whole numbers of many digits, lists in lists, a user's own
        name = type(value).__name__
        return f"{'an' if name[:1] in 'aeiouAEIOU' else 'a'} {name}"


def first_line(error: BaseException) -> str:
    """What an error says, as one line."""
    text: str = getattr(error, "strerror", None) or str(error)
    lines = itertools.chain(text.strip().splitlines(), [type(error).__name__])
    return shortened(next(lines))
