"""The benchmark's figures are within their budgets, and none is above the best so far."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BATON_BUILD", SOURCE / "build"))


class Figures(unittest.TestCase):
    def test_figures(self):
        command = [sys.executable, str(SOURCE / "scripts/bench"), "--no-build", "--ratchet",
                   "--build", str(BUILD), "--json", str(BUILD / "bench.json")]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", check=False)
        if "release builds only" in done.stdout:
            self.skipTest("this is a debug build")
        print(done.stdout)
        complaints = [line for line in done.stdout.splitlines() if line.startswith("bench:")]
        self.assertEqual(done.returncode, 0, "\n".join(complaints))


if __name__ == "__main__":
    unittest.main()
