"""A busy machine gives a thread that never waits less than a core."""

import subprocess
import sys

from jitnet.study.quiet import is_quiet, share_of_cores
from jitnet.threads import available_threads


def test_nothing_gives_more_than_all_of_the_cores_time() -> None:
    assert 0.0 < share_of_cores(1) <= 1.1


def test_other_programs_on_all_cores_are_noticed() -> None:
    spin = [sys.executable, "-c", "print(flush=True)\nwhile True: pass"]
    threads = available_threads()
    others = [subprocess.Popen(spin, stdout=subprocess.PIPE) for _ in range(2 * threads)]
    try:
        for other in others:
            assert other.stdout is not None
            other.stdout.readline()
        assert not is_quiet(threads)
    finally:
        for other in others:
            other.kill()
            other.communicate()
