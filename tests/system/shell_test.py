"""The shell and /bin, as scripts/run -c and as a person at the terminal see them."""

import harness


class Lines(harness.SystemTest):
    def test_echo(self):
        self.expect("echo hello  'two  blanks' \"and $?\"", "hello two  blanks and 0\n")

    def test_status(self):
        self.expect("false", "", status=1)
        self.expect("true; false; echo $?", "1\n")
        self.expect("exit 42", "", status=42)

    def test_lists(self):
        self.expect("false && echo no || echo yes; true && echo also", "yes\nalso\n")

    def test_unknown_program(self):
        self.expect("nothing-here", "shell: nothing-here: not found\n", status=127)
        self.expect("/bin/nothing-here", "shell: /bin/nothing-here: not found\n", status=127)

    def test_not_a_program(self):
        self.expect("/etc/motd", "shell: /etc/motd: not an executable\n", status=126)
        self.expect("/etc", "shell: /etc: is a directory\n", status=126)

    def test_syntax_error_runs_nothing(self):
        self.expect("echo one; echo 'two", "shell: a ' is missing\n", status=2)

    def test_directories(self):
        self.expect("cd /etc && pwd && cd .. && pwd", "/etc\n/\n")
        self.expect("cd /nowhere", "shell: /nowhere: No such file or directory\n", status=1)

    def test_relative_paths(self):
        self.expect("cd /bin; ./echo here; cd /etc; ls services", "here\nservices\n")


class Programs(harness.SystemTest):
    def test_cat(self):
        motd = (harness.SOURCE / "boot/ramdisk/etc/motd").read_text(encoding="utf-8")
        self.expect("cat /etc/motd", motd)
        self.expect("cat /missing", "cat: /missing: No such file or directory\n", status=1)

    def test_ls(self):
        result = self.expect_status("ls /bin", 0)
        names = result.text.split()
        self.assertEqual(names, sorted(names))
        for name in ("ls", "cat", "echo", "ps", "shell"):
            self.assertIn(name, names)

    def test_ls_of_added_files(self):
        result = self.expect_status("ls -l /added", 0, add=[f"{__file__}:/added"])
        self.assertTrue(result.text.startswith("-rw"), result.text)

    def test_ps_names_the_servers(self):
        lines = self.expect_status("ps", 0).text.splitlines()
        names = [line.split()[-1] for line in lines[1:]]
        for name in ("memory", "ramdisk", "ext2", "loader", "init", "console", "shell", "ps"):
            self.assertIn(name, names)

    def test_mem(self):
        text = self.expect_status("mem", 0).text
        self.assertRegex(text, r"total +\d+ KiB")
        self.assertRegex(text, r"handed out +\d+ KiB")

    def test_nothing_is_lost_when_programs_end(self):
        """Twenty programs later as much is free and handed out as before."""
        text = self.expect_status("mem; " + "true; /test/hello; " * 10 + "mem", 0).text
        figures = [line for line in text.splitlines() if line.startswith("handed out")]
        self.assertEqual(len(figures), 2)
        self.assertEqual(figures[0], figures[1])


class Terminal(harness.SystemTest):
    def test_a_person_types(self):
        """All is typed ahead, so its echo stands where it arrived, but what is written stays whole.

        The blanks at the start are for the firmware, which may take one.
        """
        typed = b"  echo hallp\x7fo\recho =$?=\rexit 3\recho again\rpoweroff\r"
        result = harness.run(None, inputs=typed)
        self.assertEqual(result.status, 0, result.report())
        for text in ("hallo\r\n", "=0=\r\n", "again\r\n", "p\b \bo"):
            self.assertIn(text, result.text)
        # After exit there is a new shell, which reads on.
        self.assertEqual(result.text.count("baton$ "), 5, result.text)


if __name__ == "__main__":
    harness.main()
