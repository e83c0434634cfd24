"""What a system test needs: boot a line of the shell on some machine, and look at how it ended.

    class Echo(harness.SystemTest):
        def test_echo(self):
            self.expect("echo hello", "hello\\n", harts=4)

Options of run() and expect(), beside those of machine.Machine (harts, memory, machine, cpu):

    add        ["HOSTFILE:/path", ...]     files for the image
    append     "WORDS"                     options for the kernel
    image      ["--block-size=1024", ...]  further arguments of scripts/image
    timeout_s  seconds until the run is given up, as a failure with the state of all harts

The programs of tests/programs/ are in /test of every image.
"""

import itertools
import os
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "scripts"))

import machine  # noqa: E402  (the path above finds it)

BUILD = Path(os.environ.get("BATON_BUILD", SOURCE / "build"))
TIMEOUT_S = 60
PROMPT = b"$ "  # how the shell's prompt ends

_folder = tempfile.TemporaryDirectory(prefix="baton-system-test.")
_images = {}  # arguments of scripts/image -> ISO, so that a line on ten machines is one image


def image(line, add=(), append="", arguments=()):
    """The ISO that runs a line, made once for the same arguments."""
    words = ["--tests"] + [word for pair in add for word in ("--add", str(pair))]
    words += list(arguments)
    if line is not None:
        words.append(f"--line={line}")
    if append:
        words.append(f"--append={append}")
    key = tuple(words)
    if key not in _images:
        iso = Path(_folder.name) / f"{len(_images)}.iso"
        machine.make_image(BUILD, iso, *words)
        _images[key] = iso
    return _images[key]


def run(line, add=(), append="", image_arguments=(), timeout_s=TIMEOUT_S, inputs=None, **options):
    """Boots, runs a line (None: the interactive system, fed with inputs), gives a machine.Result."""
    iso = image(line, add, append, image_arguments)
    return machine.run(iso, machine.Machine(**options), timeout_s, inputs=inputs)


def pairwise(**dimensions):
    """Few combinations that hold each pair of values of two dimensions at least once.

    Greedy and deterministic: the next row is the combination with most pairs not yet seen.
    """
    names = list(dimensions)
    rows = [dict(zip(names, values)) for values in itertools.product(*dimensions.values())]

    def pairs(row):
        return set(itertools.combinations(row.items(), 2))

    wanted = set().union(*map(pairs, rows))
    chosen = []
    while wanted:
        best = max(rows, key=lambda row: len(pairs(row) & wanted))
        wanted -= pairs(best)
        chosen.append(best)
    return chosen


class SystemTest(unittest.TestCase):
    """A test case whose failures carry the run's log and state."""

    maxDiff = None

    def run_line(self, line, **options):
        return run(line, **options)

    def fail_with(self, result, message):
        self.fail(f"{message}\noutput: {result.text!r}\n{result.report()}\ncommand: {result.command}")

    def expect_status(self, line, status, **options):
        """Runs a line, and fails unless it ends with this status; gives the result."""
        result = self.run_line(line, **options)
        if result.status != status:
            self.fail_with(result, f"'{line}' ended with status {result.status}, not {status}")
        return result

    def expect(self, line, output, status=0, **options):
        """Runs a line, and fails unless it prints exactly this text; gives the result."""
        result = self.expect_status(line, status, **options)
        if result.output != output.encode():
            self.fail_with(result, f"'{line}' should print {output!r}")
        return result


main = unittest.main
