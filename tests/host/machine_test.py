"""The tools of scripts/ that decide whether a test passed, tried without booting."""

import itertools
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "scripts"))
sys.path.insert(0, str(SOURCE / "tests/system"))

import harness  # noqa: E402
import machine  # noqa: E402


class Ending(unittest.TestCase):
    """machine.ending: a status counts only when the system ended in order and said so."""

    def test_record(self):
        self.assertEqual(machine.ending(99, b"log\n\x1ebaton-end status=7\x1f\n"), (7, ""))

    def test_no_record(self):
        self.assertEqual(machine.ending(99, b"log\n")[0], 125)

    def test_crash_after_record(self):
        self.assertEqual(machine.ending(103, b"\x1ebaton-end status=0\x1f\n")[0], 125)

    def test_triple_fault_after_record(self):
        self.assertEqual(machine.ending(0, b"\x1ebaton-end status=0\x1f\n")[0], 125)

    def test_impossible_status(self):
        self.assertEqual(machine.ending(99, b"\x1ebaton-end status=256\x1f\n")[0], 125)


class Pairwise(unittest.TestCase):
    def test_every_pair_occurs(self):
        dimensions = {"a": [1, 2, 3, 4], "b": "xy", "c": [5, 6, 7]}
        rows = harness.pairwise(**dimensions)
        for (one, values), (two, others) in itertools.combinations(dimensions.items(), 2):
            for pair in itertools.product(values, others):
                self.assertTrue(any((row[one], row[two]) == pair for row in rows), pair)
        self.assertLessEqual(len(rows), 14)


class Ext2(unittest.TestCase):
    """scripts/image makes sound file systems, and the same one from the same files."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name)
        (self.path / "kernel").write_bytes(b"kernel")
        (self.path / "grub.cfg").write_text("multiboot2 /boot/baton\n", encoding="utf-8")
        (self.path / "manifest").write_text(
            f"kernel {self.path}/kernel\ngrub {self.path}/grub.cfg\n", encoding="utf-8")

    def image(self, name, tree, block_size):
        ext2 = self.path / f"{name}.ext2"
        subprocess.run(
            [sys.executable, SOURCE / "scripts/image", "--manifest", self.path / "manifest",
             "--output", self.path / f"{name}.iso", "--ext2", ext2, "--add", f"{tree}:/tree",
             "--block-size", str(block_size)], check=True)
        check = subprocess.run(["e2fsck", "-fn", ext2], capture_output=True, text=True, check=False,
                               env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin"))
        self.assertEqual(check.returncode, 0, check.stdout)
        return ext2.read_bytes()

    def tree(self, name, order):
        tree = self.path / name
        tree.mkdir()
        for number in order:
            (tree / f"file-{number}").write_bytes(bytes([number]) * 5000 * number)
        (tree / "link").symlink_to("file-1")
        with open(tree / "sparse", "wb") as file:
            for offset in (0, 20 << 10, 5 << 20, 200 << 20):
                file.seek(offset)
                file.write(b"data")
        return tree

    def test_same_from_the_same(self):
        one = self.tree("one", range(20))
        two = self.tree("two", reversed(range(20)))
        for block_size in (1024, 2048, 4096):
            with self.subTest(block_size=block_size):
                self.assertEqual(self.image("one", one, block_size),
                                 self.image("two", two, block_size))


if __name__ == "__main__":
    unittest.main()
