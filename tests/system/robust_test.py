"""Programs that take what there is, and many that start and end at the same time."""

import harness


SPAWN_BADLY = """good: success
unknown: no such file or directory
empty path: no such file or directory
directory: is a directory
below a file: not a directory
long path: the name is too long
one frame: an argument is out of range or has reserved bits set
sixteen frames: the account's limit is reached
all frames: the account's limit is reached
too many frames: the account's limit is reached
a long argument: too large
a long environment: too large
many handles: too large
no such handle: no such handle
200 accounts left: frames 0
200 programs left: frames 0
good: success
"""


class Storm(harness.SystemTest):
    def test_nothing_is_lost(self):
        """Children that spin, exit, crash and sleep, eight at once, ended and started again.

        Two hundred of them later the machine has the same frames and processes as before.
        """
        for harts in (1, 4):
            with self.subTest(harts=harts):
                self.expect("/test/storm 25", "200 children: frames 0, of them objects 0, tables 0, "
                            "pages 0; processes 0, threads 0\n", harts=harts, timeout_s=180)


class Spawn(harness.SystemTest):
    def test_what_cannot_start(self):
        """Refused with a reason, and nothing is left of it, nor of what is left half made."""
        result = self.expect("/test/spawn_badly", SPAWN_BADLY)
        self.assertNotIn(b"without names", result.log)


class Memory(harness.SystemTest):
    def test_an_account_is_used_up(self):
        self.expect("/test/exhaust; echo $?; /test/exhaust 8; echo $?; /test/exit_status 4",
                    2 * "running\nNot enough space after more than 1 MiB\n3\n" + "before the end",
                    status=4)

    def test_much_in_small_pieces(self):
        self.expect("limit 64; /test/exhaust 1; echo $?",
                    "running\nNot enough space after more than 1 MiB\n3\n", timeout_s=120)

    def test_more_than_the_account_at_once(self):
        self.expect("/test/exhaust 1048576", "running\nNot enough space after nothing\n", status=3)

    def test_huge_data(self):
        result = self.expect_status("/test/huge_bss; echo $? still here", 0)
        self.assertEqual(result.text, "shell: /test/huge_bss: the account's limit is reached\n"
                         "126 still here\n")
        self.assertRegex(result.log, rb"/test/huge_bss: segment \d does not go into its process")


class Arguments(harness.SystemTest):
    def test_larger_than_a_page(self):
        words = ["x" * 6000, "y" * 6000]
        self.expect(f"/test/arguments {' '.join(words)}",
                    f"3\n[/test/arguments]\n[{words[0]}]\n[{words[1]}]\n{{MODE=line}}\n")

    def test_a_line_that_is_too_long(self):
        result = self.expect_status("echo " + "x" * 66000, 125)
        self.assertIn(b"/etc/run-line: cannot read it", result.log)


if __name__ == "__main__":
    harness.main()
