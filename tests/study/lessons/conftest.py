"""Each lesson is run once, for all the tests that look at what it says."""

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from jitnet.study.lessons.lesson import MissingData, Result
from jitnet.study.lessons.table import get_lesson
from real_data import FOLDER


@pytest.fixture(scope="session")
def lesson() -> Iterator[Callable[[str], Result]]:
    """A function that gives the result of a lesson by its name, if its data are there."""

    @cache
    def result(name: str) -> Result:
        try:
            found: Result = get_lesson(name).load().run()
        except MissingData as missing:
            pytest.skip(str(missing))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JITNET_DATA", str(FOLDER))
        yield result
