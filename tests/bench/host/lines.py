"""What programs of the benchmark print (tests/bench/lib/measure.h)."""

import dataclasses
import re

LINE = re.compile(r"^bench (\S+) (\d+) (\d+) (\d+)((?: -?\d+)*)\s*$", re.MULTILINE)
ERROR = re.compile(r"^bench-error (.*?)\s*$", re.MULTILINE)
COUNTERS = ("space_loads", "page_flushes", "flush_ipis", "wake_ipis")
SELF_CHECKS = ("nothing", "loop")  # calibration's own rows


@dataclasses.dataclass
class Figure:
    """What one row read; counters are for one operation."""

    median: int
    minimum: int
    samples: int = 1
    counters: dict = dataclasses.field(default_factory=dict)


def parse(text):
    """({row: Figure}, [error, ...]); the order of rows is that of the text."""
    figures = {}
    for name, median, minimum, samples, rest in LINE.findall(text):
        count = int(samples)
        # What was not sampled was not counted either.
        counters = {counter: int(value) / count
                    for counter, value in zip(COUNTERS, rest.split()) if count > 1}
        figures[name] = Figure(int(median), int(minimum), count, counters)
    return figures, ERROR.findall(text)


def names(text):
    """The rows in the order in which they were printed, calibration's own included."""
    return [match[0] for match in LINE.findall(text)]
