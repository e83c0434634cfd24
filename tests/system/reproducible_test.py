"""Two builds of the same sources, in different folders, give the same image."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness


def build(folder, umask):
    """Copies the sources to a folder, builds them there, and gives the ISO's hash."""
    source = folder / "source"
    shutil.copytree(harness.SOURCE, source, symlinks=True,
                    ignore=shutil.ignore_patterns(".git", "build", "build-*", "__pycache__"))
    toolchain = source / "toolchain-x86_64-elf.cmake"
    for command in (["cmake", "-S", source, "-B", folder / "out", "--toolchain", toolchain],
                    ["cmake", "--build", folder / "out", "--target", "image"]):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              umask=umask, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout)
    return hashlib.sha256((folder / "out/baton.iso").read_bytes()).hexdigest()


class Reproducible(unittest.TestCase):
    def test_two_folders(self):
        with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
            longer = Path(second) / "a-folder-with-a-longer-name"
            os.mkdir(longer)
            self.assertEqual(build(Path(first), 0o022), build(longer, 0o077))


if __name__ == "__main__":
    harness.main()
