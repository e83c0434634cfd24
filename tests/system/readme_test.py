"""Every command that the README shows works, except the one that runs the tests themselves."""

import os
import re
import shlex
import signal
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import harness

LEAVE = b"\x01x"  # Ctrl-A X
TEST_COMMANDS = ("scripts/test",)


def readme_commands():
    """The lines of the README's blocks of commands, without comments."""
    text = (harness.SOURCE / "README.md").read_text(encoding="utf-8")
    for block in re.findall(r"^```(?:sh|console)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            line = line.partition(" #")[0].strip()
            if line and not line.startswith("#"):
                yield line


def until_prompt(command, leave):
    """Starts an interactive system, waits for its prompt, leaves; gives (status, output)."""
    process = subprocess.Popen(command, cwd=harness.SOURCE, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, bufsize=0, start_new_session=True)
    give_up = threading.Timer(harness.TIMEOUT_S, os.killpg, (process.pid, signal.SIGKILL))
    give_up.start()
    try:
        output = b""
        while harness.PROMPT not in output:
            chunk = process.stdout.read(4096)
            if not chunk:
                break
            output += chunk
        else:
            if leave:
                process.stdin.write(LEAVE)
                process.wait()
    finally:
        give_up.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
        process.stdin.close()
        process.stdout.close()
    return status, output


class Readme(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.build = Path(self.folder.name) / "build"

    def check(self, *command):
        done = subprocess.run(command, cwd=harness.SOURCE, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=600, check=False)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}\n{done.stderr}")

    def in_test_build(self, words):
        """The command with the tests' own build folder, so that it can run beside others."""
        return [words[0], "--build", str(harness.BUILD), *words[1:]]

    def command(self, words):
        if words[:2] == ["git", "clone"]:
            self.check("git", "clone", "--quiet", str(harness.SOURCE), self.folder.name + "/clone")
        elif words[0] == "cd":
            pass
        elif words[:2] == ["cmake", "-B"]:
            self.check("cmake", "-B", str(self.build), *words[3:])
        elif words[:2] == ["cmake", "--build"]:
            self.check("cmake", "--build", str(self.build), *words[3:])
        elif words[0] == "scripts/bench" or (words[0] == "scripts/run" and "-c" in words):
            self.check(*self.in_test_build(words))
        elif words[0] == "scripts/run":
            status, output = until_prompt(self.in_test_build(words), leave=True)
            self.assertIn(harness.PROMPT, output)
            self.assertEqual(status, 0)
        elif words[0] == "qemu-system-x86_64":
            iso = str(self.build / "baton.iso")
            words = [iso if word == "build/baton.iso" else word for word in words]
            _, output = until_prompt([*words, "-display", "none", "-serial", "mon:stdio"],
                                     leave=False)
            self.assertIn(harness.PROMPT, output)
        else:
            self.fail("no test knows how to try this command")

    def test_commands(self):
        commands = list(readme_commands())
        self.assertTrue(any(line.startswith("scripts/run") for line in commands))
        self.assertTrue(any(line.startswith(TEST_COMMANDS) for line in commands))
        for line in commands:
            if not line.startswith(TEST_COMMANDS):
                with self.subTest(line):
                    self.command(shlex.split(line))


if __name__ == "__main__":
    harness.main()
