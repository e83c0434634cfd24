"""Memory on the machine: what mem shows, what is left of programs that have ended, all operations
at once on eight harts.

BATON_SEED picks the seed of that, BATON_STRESS_S how many seconds it goes on (60).
"""

import os
import re

import harness

# Instructions that no system call exceeds. Calls that carry a parcel are counted there and back:
# two system calls, with a gift four. A touch that zeroes a large page takes it in eight pieces.
LIMIT = 100_000
CALLS = {"call_lend": 2, "call_clone": 2, "call_give": 4, "touch_large": 7}
COUNTING = {"cpu": "max,-la57,-erms,-fsrm", "memory": "256M",
            "extra": ("-icount", "shift=0,sleep=off")}

SEED = int(os.environ.get("BATON_SEED", "1"))
STRESS_S = int(os.environ.get("BATON_STRESS_S", "60"))
FRAMES = re.compile(r"^( *[a-z][a-z ]*?) +(\d+) KiB +(\d+) frames$", re.M)
PROCESS = re.compile(r"^ *(\d+)((?: +\d+){7}) (\S+)$", re.M)
COLUMNS = ("used", "limit", "objects", "tables", "pages", "shared", "pinned")


class Shown(harness.SystemTest):
    def mem(self, **options):
        """The frames by use, and the rows of all processes by name."""
        text = self.expect_status("sleep 1; mem", 0, **options).text  # idle: frames are zeroed
        frames = {name.strip(): int(count) for name, _, count in FRAMES.findall(text)}
        rows = {name: dict(zip(COLUMNS, map(int, numbers.split())))
                for _, numbers, name in PROCESS.findall(text)}
        return text, frames, rows

    def test_mem(self):
        """Every frame is of one use, and every process has what it accounts for."""
        text, frames, rows = self.mem()
        parts = ("free", "kernel", "kernel objects", "boot modules", "page tables", "pages")
        self.assertEqual(frames["total"], sum(frames[part] for part in parts), text)
        for smaller, larger in (("of it zeroed", "free"), ("largest run", "free")):
            self.assertGreater(frames[smaller], 0, text)
            self.assertLessEqual(frames[smaller], frames[larger], text)
        self.assertEqual(frames["largest run"] & frames["largest run"] - 1, 0, text)
        names = {"kernel", "memory", "ramdisk", "ext2", "loader", "init", "console", "shell", "mem"}
        self.assertLessEqual(names - {"console"}, set(rows), text)
        for row in rows.values():
            self.assertLessEqual(row["used"], row["limit"], text)
            self.assertLessEqual(row["objects"], row["used"], text)
            self.assertLessEqual(row["shared"], row["pages"], text)
        # The objects of all processes are the frames of that use; so are tables, which only clones
        # share.
        self.assertEqual(sum(row["objects"] for row in rows.values()), frames["kernel objects"],
                         text)
        self.assertGreaterEqual(sum(row["tables"] for row in rows.values()), frames["page tables"],
                                text)
        own = rows["mem"]
        self.assertGreater(own["shared"], 0, text)  # its text is the file's
        self.assertGreater(rows["ext2"]["pinned"], 0, text)  # its landing windows
        self.assertGreaterEqual(own["tables"], 4, text)
        self.assertGreaterEqual(own["used"], own["objects"] + own["tables"] + own["pages"], text)
        self.assertRegex(text, r"\nports +\d+\n")
        self.assertRegex(text, r"\nthreads +\d+\n")


class Leaks(harness.SystemTest):
    """Whatever ends leaves nothing: no frame of any use, no kernel object of any type."""

    def test_ten_thousand_programs(self):
        self.expect("/test/leak 10000", "10000 times, nothing left\n", timeout_s=300)

    def test_on_several_harts(self):
        self.expect("/test/leak 1000", "1000 times, nothing left\n", harts=4, timeout_s=180)


class Longest(harness.SystemTest):
    def test_no_system_call_takes_long(self):
        """The largest of each memory call, with and without zeroed frames in stock."""
        result = self.expect_status("limit 200; /test/longest", 0, **COUNTING)
        figures = re.findall(r"^(\w+) (\d+) (full|empty)$", result.text, re.M)
        self.assertEqual(len(figures), len(result.text.splitlines()), result.text)
        names = {stock: {name for name, _, its in figures if its == stock}
                 for stock in ("full", "empty")}
        self.assertEqual(names["full"], names["empty"])
        self.assertLessEqual({"create", "fill", "fork", "split", "join", "after_free_directory",
                              *CALLS}, names["full"])
        for name, count, stock in figures:
            with self.subTest(name=name, stock=stock):
                self.assertLess(int(count), LIMIT * CALLS.get(name, 1))


class Races(harness.SystemTest):
    def test_eight_harts(self):
        """Memory made, cloned, moved, sent, forked and freed by threads of processes that are killed.

        Then all equations hold, and as many frames are free as before.
        """
        self.expect(f"/test/stress {SEED} {STRESS_S}s 12", f"seed {SEED}\nclean\n", harts=8,
                    timeout_s=STRESS_S + 100)


if __name__ == "__main__":
    harness.main()
