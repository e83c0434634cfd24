"""What scripts/run -c prints, and the status that it ends with."""

import subprocess
import unittest

import harness


class Status(harness.SystemTest):
    def test_success(self):
        self.expect("true", "", status=0)

    def test_failure(self):
        self.expect("false", "", status=1)

    def test_exit(self):
        self.expect("exit 7", "", status=7)

    def test_unknown_command(self):
        result = self.expect_status("no-such-program", 127)
        self.assertIn("no-such-program", result.text)

    def test_list(self):
        self.expect("echo one; echo two && echo three", "one\ntwo\nthree\n")

    def test_list_stops_at_failure(self):
        self.expect("false && echo never", "", status=1)


class Command(unittest.TestCase):
    """scripts/run itself."""

    def command(self, *arguments):
        return subprocess.run(
            [harness.SOURCE / "scripts/run", "--build", harness.BUILD, *arguments],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300, check=False)

    def test_only_the_output(self):
        done = self.command("-c", "echo hello")
        self.assertEqual((done.returncode, done.stdout), (0, "hello\n"), done.stderr)

    def test_added_file(self):
        done = self.command("--add", f"{__file__}:/home/added", "-c", "cat /home/added")
        with open(__file__, encoding="utf-8") as file:
            self.assertEqual((done.returncode, done.stdout), (0, file.read()), done.stderr)

    def test_time_out_shows_all_harts(self):
        done = self.command("--tests", "--harts", "2", "--timeout", "5", "-c", "/test/spin")
        self.assertEqual(done.returncode, 124, done.stderr)
        self.assertIn("timed out after 5 s", done.stderr)
        self.assertIn("CPU#1", done.stderr)

    def test_help(self):
        done = self.command("--help")
        self.assertEqual(done.returncode, 0)
        for option in ["-c", "--harts", "--memory", "--machine", "--cpu", "--timeout", "--add",
                       "--kvm"]:
            self.assertIn(option, done.stdout)


if __name__ == "__main__":
    harness.main()
