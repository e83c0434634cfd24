"""What C programs find when they run, and what becomes of those that do what they must not."""

import struct
import tempfile
import time
from pathlib import Path

import harness

HELLO = """hello, world
-42  3.14 1e+100 text c beef
1.414214
99999
xx
slept long enough
at exit 1
"""


class Good(harness.SystemTest):
    def test_hello(self):
        self.expect("/test/hello", HELLO)

    def test_large_pages(self):
        self.expect("/test/large", "large pages work\n")

    def test_arguments(self):
        self.expect("NAME=value; /test/arguments one '' 'a b'",
                    "4\n[/test/arguments]\n[one]\n[]\n[a b]\n{MODE=line}\n{NAME=value}\n")

    def test_wall_clock(self):
        before = time.time()
        told = int(self.expect_status("/test/wall_clock", 0).text)
        self.assertTrue(before - 2 <= told <= time.time() + 2, (before, told))

    def test_firmware_tables(self):
        self.expect("/test/firmware", "only the tables\n")
        self.expect("/test/firmware", "only the tables\n", machine="q35", memory="5G")

    def test_exit_status(self):
        self.expect("/test/exit_status 77", "before the end", status=77)
        self.expect("/test/exit_status 0", "before the end")
        self.expect_status("/test/exit_status abort", 127 + 1 + 6)


class Mapped(harness.SystemTest):
    """Files as memory, read page by page when they are touched."""

    def test_reading(self):
        size = (harness.BUILD / "stripped/test-mapped").stat().st_size
        for harts in (1, 4):
            with self.subTest(harts=harts):
                self.expect("/test/mapped read /test/mapped", f"{size} bytes are the same\n",
                            harts=harts)
        with tempfile.TemporaryDirectory() as folder: # in two tables, and a part of a page
            path = Path(folder) / "large"
            path.write_bytes(bytes(i * 7 % 251 for i in range(2_300_001)))
            self.expect("/test/mapped read /large", "2300001 bytes are the same\n",
                        add=[f"{path}:/large"])

    def test_writing(self):
        self.expect("/test/mapped write /test/mapped", "the file is as it was\n")

    def test_freeing(self):
        self.expect("/test/mapped parts /test/mapped", "freed\n")

    def test_many(self):
        """More than there are mappings, descriptors or windows: each is harvested when it is freed.

        They lie in two more GiB, each of which has a table.
        """
        self.expect("/test/mapped many /test/mapped 1200; /test/mapped many /test/mapped 10",
                    "1200 mappings, 2 frames\n10 mappings, 0 frames\n", timeout_s=180)

    def test_refused(self):
        self.expect("/test/mapped refused /test/mapped", "refused\n")

    def test_another_file_server(self):
        self.expect("/test/mapped served", "A page of nobody's file\n")


class Bad(harness.SystemTest):
    """A program that goes wrong is ended and named, and the shell runs on."""

    def expect_crash(self, line, what="page fault at 0x"):
        name = line.split()[0]
        result = self.expect_status(f"{line}; echo $? still here", 0)
        text = result.text
        self.assertTrue(text.startswith("running\n"), text)
        self.assertNotIn("still running", text)
        self.assertIn(f"shell: {name}: crashed: {what}", text)
        self.assertTrue(text.endswith("126 still here\n"), text)
        self.assertIn(name.split("/")[-1].encode(), result.log)

    def test_status_is_126(self):
        self.expect_status("/test/fault read", 126)

    def test_null(self):
        for how in ("read", "write", "call"):
            with self.subTest(how=how):
                self.expect_crash(f"/test/fault {how}", "page fault at 0x0\n")

    def test_other_faults(self):
        faults = {
            "constant": "page fault at 0x",
            "address": "page fault at 0x12345678000\n",
            "noncanonical": "general protection fault",
            "instruction": "invalid instruction",
            "privileged": "general protection fault",
            "port": "general protection fault",
            "divide": "",
            "breakpoint": "",
        }
        for how, what in faults.items():
            with self.subTest(how=how):
                self.expect_crash(f"/test/fault {how}", what)

    def test_endless_recursion(self):
        self.expect_crash("/test/recurse", "page fault at 0x7f7fff")
        log = self.expect_status("/test/recurse", 126).log.decode(errors="replace")
        self.assertRegex(log, r"page fault at 0x7f7fff[0-9a-f]+ writing, stack overflow")

    def test_stack_grows(self):
        # More than half of the largest stack, eight times what it begins with.
        self.expect("/test/recurse 2000", "running\n2000\n")

    def test_stacks_grow_at_once(self):
        for harts, rounds in ((1, 5), (4, 20), (8, 20)):
            with self.subTest(harts=harts):
                self.expect(f"/test/stacks {rounds} 8", "clean\n", harts=harts, timeout_s=120)

    def test_mappings(self):
        for how in ("beyond", "readonly", "freed"):
            with self.subTest(how=how):
                self.expect_crash(f"/test/mapped {how} /test/mapped", "page fault at 0x800000")
        log = self.expect_status("/test/mapped unserved", 126).log.decode(errors="replace")
        self.assertIn("page 5 of a file that cannot be read", log)

    def test_data_is_not_code(self):
        for where in ("data", "stack", "heap", "start"):
            with self.subTest(where=where):
                self.expect_crash(f"/test/execute_data {where}")

    def test_kernel_is_out_of_reach(self):
        for how in ("read", "write", "call"):
            with self.subTest(how=how):
                self.expect_crash(f"/test/read_kernel 0xffffffff80000000 {how}",
                                  "page fault at 0xffffffff80000000\n")
        self.expect_crash("/test/read_kernel 0xffff800000000000")

    def test_wild_system_calls(self):
        result = self.expect_status("/test/wild && echo hello", 0, timeout_s=120)
        self.assertRegex(result.text, r"^running\n\d+ calls\nhello\n$")


class Backtraces(harness.SystemTest):
    """The log says by the names of functions where a program crashed, and how it came there."""

    def expect_log(self, line, *patterns, **options):
        """Patterns that lines of the log hold, one behind the other."""
        result = self.expect_status(line, 126, **options)
        pattern = r"[^\n]*\n[^\n]*".join(patterns)
        self.assertRegex(result.log.decode(errors="replace"), pattern, result.report())
        return result

    def test_names(self):
        for options in harness.pairwise(harts=[1, 4], machine=["pc", "q35"]):
            with self.subTest(**options):
                self.expect_log("/test/crash", r"/test/crash \(\d+\): crashed in copy_line\+0x",
                                r"called from read_settings\+0x", r"called from main\+0x",
                                r"called from start_program\+0x", **options)

    def test_recursion_is_counted(self):
        self.expect_log("/test/recurse", r"crashed in depth\+0x",
                        r"called from depth\+0x[0-9a-f]+, 16 times")

    def test_outside_of_the_image(self):
        self.expect_log("/test/fault call", r"/test/fault \(\d+\): crashed at 0x0",
                        r"called from start_program\+0x")

    def added(self, change):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "changed"
        contents = bytearray((harness.BUILD / "stripped/test-crash").read_bytes())
        change(contents)
        path.write_bytes(contents)
        return [f"{path}:/changed"]

    def test_a_file_without_names(self):
        """Sections gone, as in a stripped file: addresses count from the image's begin."""
        add = self.added(lambda contents: struct.pack_into("<Q", contents, 40, 0))
        self.expect_log("/changed", r"/changed \(\d+\): crashed in image\+0x[0-9a-f]+",
                        r"called from image\+0x", add=add)

    def test_a_damaged_table(self):
        add = self.added(lambda contents: struct.pack_into("<Q", contents, 40, (1 << 64) - 64))
        self.expect_log("/changed", r"/changed \(\d+\): crashed in image\+0x[0-9a-f]+", add=add)

    def test_many_crashes_one_after_the_other(self):
        """The loader keeps nothing of the programs that have ended."""
        line = "/test/crash; " * 60 + "/test/crash"
        result = self.expect_status(line, 126, timeout_s=120)
        self.assertEqual(result.log.count(b"crashed in copy_line"), 61)
        self.assertNotIn(b"without names", result.log)


class Files(harness.SystemTest):
    """Files that are no programs, or damaged ones."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.files = 0
        self.good = (harness.BUILD / "stripped/test-hello").read_bytes()

    def expect_refusal(self, contents, text, reason):
        self.files += 1  # images are kept by the names of what is added
        path = self.folder / f"bad{self.files}"
        path.write_bytes(contents)
        result = self.expect("/bad; echo $? still here", f"shell: /bad: {text}\n126 still here\n",
                             add=[f"{path}:/bad"])
        self.assertIn(f"/bad: {reason}".encode(), result.log)

    def changed(self, offset, layout, value):
        contents = bytearray(self.good)
        struct.pack_into(layout, contents, offset, value)
        return bytes(contents)

    def test_no_elf(self):
        self.expect_refusal(b"#!/bin/shell\n", "not an executable", "it is not an ELF file")

    def test_empty(self):
        self.expect_refusal(b"", "not an executable", "the file is empty")

    def test_cut(self):
        self.expect_refusal(self.good[:100], "the format is wrong or damaged",
                            "its program headers are not in the first page")
        self.expect_refusal(self.good[:8192], "the format is wrong or damaged",
                            "a segment lies past the end of the file")

    def test_other_processor(self):
        self.expect_refusal(self.changed(18, "<H", 183), "not supported",
                            "it is for another processor")

    def test_other_type(self):
        self.expect_refusal(self.changed(16, "<H", 2), "not supported",
                            "it is not position-independent (static-PIE)")

    def test_entry_outside(self):
        self.expect_refusal(self.changed(24, "<Q", 1 << 40), "the format is wrong or damaged",
                            "its entry is not in an executable segment")


if __name__ == "__main__":
    harness.main()
