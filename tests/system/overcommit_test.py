"""More memory promised than there is: pages that move out, programs that end by the rule."""

import re
import tempfile
from pathlib import Path

import harness

GRUB = harness.SOURCE / "boot/grub/grub.cfg"
MEMORY_LINE = "module2 /boot/memory  memory limit=rest serves=memory holds=system"
MEMORY_MIB = 64
SPACE_MIB = 64
PATIENCE_S = 300

# Three children that together touch more than the machine has, each less.
CROWD = "/test/crowd 3 22"


class Overcommit(harness.SystemTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def memdisk(self):
        return ["--replace", f"{harness.BUILD / 'stripped/memdisk'}:memdisk"]

    def run_with(self, line, factor, swap_mib=0, **options):
        """Boots with that factor, and with a disk in memory to move pages out to."""
        words = f" overcommit={factor}" + (" uses=swap" if swap_mib else "")
        text = GRUB.read_text(encoding="utf-8")
        self.assertIn(MEMORY_LINE, text)
        disk = ("\n    module2 /boot/memdisk memdisk limit=512K serves=swap:block opens=space"
                "\n    module2 /boot/space space data")
        text = text.replace(MEMORY_LINE, MEMORY_LINE + words + (disk if swap_mib else ""), 1)
        grub = self.folder / "grub.cfg"
        grub.write_text(text, encoding="utf-8")
        arguments = ["--grub", str(grub)]
        if swap_mib:
            space = self.folder / "space"
            with open(space, "wb") as file:
                file.truncate(swap_mib << 20)
            arguments += [*self.memdisk(), "--replace", f"{space}:space"]
        return self.run_line(line, image_arguments=arguments, timeout_s=PATIENCE_S,
                             memory=f"{MEMORY_MIB + swap_mib}M", **options)

    def expect_with(self, output, line, factor, swap_mib=0, status=0, **options):
        result = self.run_with(line, factor, swap_mib, **options)
        if result.status != status or not re.fullmatch(output, result.text):
            self.fail_with(result, f"'{line}' should end with {status} and print {output!r}")
        return result

    def test_once_is_refused_at_open(self):
        """With factor 1 a process that could not have its memory is not made."""
        result = self.expect_with(r"child \d: the account's limit is reached\n", CROWD, 1, status=1)
        self.assertRegex(result.log, rb"no process crowd-child with \d+ frames, \d+ are left")

    def test_pages_move_out_and_come_back(self):
        """All three find what they wrote; each page went where it belongs."""
        for harts in (1, 4):
            with self.subTest(harts=harts):
                result = self.expect_with(
                    r"child 1 exited with 0\nchild 2 exited with 0\nchild 3 exited with 0\n"
                    r"promised 2 times what there is\nended to make room: 0\n"
                    r"swap: 0 of 16384 pages used; [1-9]\d{3,} moved out, [1-9]\d{3,} back\n"
                    r"(?s:.*)", f"{CROWD}; memory-client", 2, SPACE_MIB, harts=harts)
                self.assertNotIn(b"is ended", result.log)

    def test_without_a_device_the_rule_ends_one(self):
        """The one that has most beyond its right, named in the log; the others go on."""
        result = self.expect_with(
            r"child \d [^\n]*\nchild \d [^\n]*\nchild \d [^\n]*\n"
            r"promised 2 times what there is\nended to make room: 1, the last was \d+\n"
            r"swap: 0 of 0 pages used; 0 moved out, 0 back\n(?s:.*)",
            f"{CROWD}; memory-client", 2)
        self.assertEqual(result.text.count("ended by another process"), 1)
        self.assertEqual(result.text.count("exited with 0"), 2)
        named = re.findall(rb"no frame is left: crowd-child \(process (\d+)\) is ended, by the "
                           rb"rule in memory\.protocol; (\d+) frames are its alone, and it has a "
                           rb"right to (\d+)", result.log)
        self.assertEqual(len(named), 1)
        self.assertGreater(int(named[0][1]), int(named[0][2]))
        self.assertIn(f"the last was {named[0][0].decode()}\n", result.text)

    def test_a_full_device(self):
        """What does not fit any more is left to the rule."""
        result = self.expect_with(
            r"child \d [^\n]*\nchild \d [^\n]*\nchild \d [^\n]*\n"
            r"promised 2 times what there is\nended to make room: 1, [^\n]*\n"
            r"swap: 0 of 512 pages used; [1-9]\d* moved out, \d+ back\n(?s:.*)",
            f"{CROWD}; memory-client", 2, 2)
        self.assertEqual(result.text.count("exited with 0"), 2)
        self.assertIn(b"is ended, by the rule", result.log)

    def test_who_is_resident_stays(self):
        """Programs of the boot modules, init and services are, and whoever is said to be."""
        self.expect_with(
            r"(?s:.*)  PID +RIGHT +PROMISED\n"
            r" +5 +0 +0 resident\n +6 +256 +0 resident\n +7 +512 +0 resident\n +8 +2048 +0\n"
            r"(?s:.*) +7 +600 +0\n(?s:.*)",
            "memory-client && manage memory-client set 7 600 && memory-client", 2)

    def test_policy_needs_the_right(self):
        self.expect_with("memory-client: the message's arguments are malformed\n"
                         "memory-client: no such file or directory\n",
                         "memory-client set 7 600; manage memory-client set 99 1", 1, status=1)

    def test_a_device_that_cannot_be_used(self):
        """Without any room it is no place to move pages out to: the log says so."""
        text = GRUB.read_text(encoding="utf-8")
        text = text.replace(MEMORY_LINE, f"{MEMORY_LINE} overcommit=2 uses=swap"
                            "\n    module2 /boot/memdisk memdisk limit=1M serves=swap:block", 1)
        grub = self.folder / "grub.cfg"
        grub.write_text(text, encoding="utf-8")
        result = self.expect_status(CROWD, 0,
                                    image_arguments=["--grub", str(grub), *self.memdisk()],
                                    memory=f"{MEMORY_MIB}M", timeout_s=PATIENCE_S)
        self.assertIn(b"the swap device cannot be used", result.log)
        self.assertEqual(result.text.count("exited with 0"), 2)


PROMISES = """too much: the account's limit is reached
all but what a child needs: success
again as much: the account's limit is reached
a child opens more than is left: the account's limit is reached
the promise is used: success
fund from it: success
release more than is left of it: an argument is out of range or has reserved bits set
release what is left: success
release nothing: success
release once more: an argument is out of range or has reserved bits set
a child reserves half and ends: success
as much as before: yes
watch: success
much is left: 0
reserve: success
little is left: 1
reserve more: success
told once: 0
release: success
reserve: success
little again: 1
watch anew: success
little from the beginning: 1
unwatch: success
release: success
reserve: success
nobody watches: 0
unwatch: success
watch and end: success
"""


class Promises(harness.SystemTest):
    def test_promises_and_news(self):
        """Reserve and release, watch and unwatch; the end of who asked ends both."""
        self.expect("/test/promise && /test/promise", 2 * PROMISES)


if __name__ == "__main__":
    harness.main()
