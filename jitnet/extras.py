"""How a package is installed that only a part of the library needs."""

from __future__ import annotations


def install(extra: str) -> str:
    """The command, for a published version and for a checkout.

    Examples
    --------
    >>> install("cli")
    "pip install 'jitnet[cli]', in a checkout pip install '.[cli]'"
    """
    return f"pip install 'jitnet[{extra}]', in a checkout pip install '.[{extra}]'"
