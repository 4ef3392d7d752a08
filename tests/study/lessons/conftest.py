"""Each lesson is run once, for all the tests that look at what it says."""

from collections.abc import Callable
from functools import cache

import pytest

from jitnet.study.lessons.lesson import Result
from jitnet.study.lessons.table import get_lesson


@pytest.fixture(scope="session")
def lesson() -> Callable[[str], Result]:
    """A function that gives the result of a lesson by its name."""

    @cache
    def result(name: str) -> Result:
        found: Result = get_lesson(name).load().run()
        return found

    return result
