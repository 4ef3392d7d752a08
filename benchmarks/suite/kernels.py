"""Every kernel by itself, beside the same formula in NumPy.

asv calls ``setup`` before each timed call and then times calls one by one, so a call runs its
kernel as often as fills about a millisecond (`runs_a_call`), and the preparation is done once a
process: the case is made, compiled and checked against the other rungs.
"""

from functools import cache

from kernel_cases import KERNELS, SIZES, Case
from suite.ratios import UNIT, numpy_ratio

THREADS = (1, 2)
RUNS = (
    ("matmul", 2),
    ("conv_", 1),
    ("dense_small", 128),
    ("dense", 4),
    ("_loss", 256),
    ("", 32),
)
"""Part of a kernel's name, and how often a call runs it on the most examples."""
NUMPYS_SHARE = 8
"""A call of NumPy's rung has that many times fewer runs: it is the slower one."""


def runs_a_call(kernel: str, examples: int) -> int:
    """How often a timed call runs a kernel: fixed, so that commits can be compared."""
    runs = next(runs for part, runs in RUNS if part in kernel)
    return runs * SIZES[-1] // examples


def numpy_runs_a_call(kernel: str, examples: int) -> int:
    """How often a timed call runs NumPy's rung."""
    return max(1, runs_a_call(kernel, examples) // NUMPYS_SHARE)


@cache
def prepared(kernel: str, examples: int, threads: int) -> Case:
    """A case that agrees with NumPy and, on few examples, with the loops; all is compiled."""
    case = KERNELS[kernel](examples, threads)
    if examples > SIZES[0]:
        case = case._replace(loops=None)
    case.check()
    return case


class Kernels:
    """A call is `runs_a_call` runs."""

    params = (list(KERNELS), SIZES, THREADS)
    param_names = ("kernel", "examples", "threads")
    timeout = 300
    version = "1"

    def setup(self, kernel: str, examples: int, threads: int) -> None:
        """Compile and check, once."""
        self.case = prepared(kernel, examples, threads)
        self.runs = runs_a_call(kernel, examples)

    def time_kernel(self, kernel: str, examples: int, threads: int) -> None:
        """Time jitnet's kernel."""
        self.case.run(self.runs)


class Ratio:
    """Of single runs, on one thread."""

    params = (list(KERNELS), SIZES)
    param_names = ("kernel", "examples")
    timeout = 300
    version = "1"
    unit = UNIT

    def setup(self, kernel: str, examples: int) -> None:
        """Compile and check, once."""
        self.case = prepared(kernel, examples, 1)
        self.runs = runs_a_call(kernel, examples)
        self.numpy_runs = numpy_runs_a_call(kernel, examples)

    def track_numpy_ratio(self, kernel: str, examples: int) -> float:
        """Track the kernel's time for a run over NumPy's."""
        ratio = numpy_ratio(lambda: self.case.run(self.runs), self._numpy)
        return ratio * self.numpy_runs / self.runs

    def _numpy(self) -> None:
        for _ in range(self.numpy_runs):
            self.case.vectorized()
