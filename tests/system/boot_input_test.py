"""Bad input at boot: what is missing, damaged or too little is named, and nothing hangs.

Each run ends with status 125 ("the system could not go on") and the reason in its log, which
scripts/run shows.
"""

import random
import re
import struct
import tempfile
from pathlib import Path

import harness
import patch

SERVERS = ["memory", "ramdisk", "ext2", "loader"]
GRUB = harness.SOURCE / "boot/grub/grub.cfg"
PATIENCE_S = 60  # each hang is a failure that shows the state of all harts


class BadBoot(harness.SystemTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.files = 0

    def file(self, contents):
        """A file of its own: images are kept by the names of what is in them."""
        self.files += 1
        path = self.folder / f"{self._testMethodName}{self.files}"
        path.write_bytes(contents)
        return path

    def program(self, name):
        return (harness.BUILD / "stripped" / name).read_bytes()

    def expect_end(self, *messages, status=125, line="echo hello", **options):
        """Fails unless the log holds each message and the run has this status and a reason."""
        options.setdefault("timeout_s", PATIENCE_S)
        result = self.expect_status(line, status, **options)
        for message in messages:
            self.assertRegex(result.log.decode(errors="replace"), message, result.report())
        if status == 125:
            self.assertTrue(result.reason, "scripts/run would not say why")
        return result

    def expect_module(self, name, contents, *messages, **options):
        self.expect_end(*messages, image_arguments=["--replace", f"{self.file(contents)}:{name}"],
                        **options)

    def expect_grub(self, old, new, *messages, **options):
        """Boots with a changed line of grub.cfg."""
        text = GRUB.read_text(encoding="utf-8")
        self.assertIn(old, text)
        grub = self.file(text.replace(old, new, 1).encode())
        return self.expect_end(*messages, image_arguments=["--grub", str(grub)], **options)


class Modules(BadBoot):
    def test_missing(self):
        """GRUB boots on without a module whose file is not there."""
        self.expect_end("required boot modules are missing: ext2",
                        image_arguments=["--omit", "ext2"])
        for name in SERVERS:
            with self.subTest(name=name):
                line = re.search(rf".*module2 /boot/{name}\b.*\n", GRUB.read_text())[0]
                self.expect_grub(line, "", f"required boot modules are missing: {name}")

    def test_empty(self):
        self.expect_module("loader", b"", "required boot modules are missing: loader")

    def test_cut(self):
        for name in SERVERS:
            good = self.program(name)
            for size, why in ((100, "its segment table lies beyond the end of the file"),
                              (4096, "a segment lies beyond the end of the file"),
                              (len(good) // 2, "a segment lies beyond the end of the file")):
                with self.subTest(name=name, size=size):
                    self.expect_module(name, good[:size], f"{name}: .*{why}",
                                       f"boot module {name} cannot be started")

    def test_no_program(self):
        for name in SERVERS:
            with self.subTest(name=name):
                self.expect_module(name, random.Random(name).randbytes(20000),
                                   f"{name}: .*no ELF file", f"{name} cannot be started")

    def test_entry_outside(self):
        """It starts, and crashes at once: named, with all that depends on it."""
        for name, end in (("memory", "no program can be started without memory"),
                          ("ramdisk", "ext2: no image: block.info"),
                          ("ext2", "loader: file system: the deadline has passed"),
                          ("loader", "no program can be started without loader")):
            with self.subTest(name=name):
                changed = bytearray(self.program(name))
                struct.pack_into("<Q", changed, 24, 0x123456)
                self.expect_module(name, changed, rf"{name} \(\d+\): page fault at 0x",
                                   rf"boot module {name} \(\d+\) has ended, status 126", end)


class Wiring(BadBoot):
    def test_unreadable_words(self):
        for old, new in (("limit=rest", "limit=rest wibble"), ("limit=1M", "limit=1X"),
                         ("limit=1M", "limit=99999999999999M"), ("serves=block", "serves="),
                         ("serves=block", "serves=a-much-too-long-name")):
            with self.subTest(new=new):
                self.expect_grub(old, new,
                                 f'module line ".*": cannot read "{new.split(" ")[-1]}"')

    def test_no_name(self):
        self.expect_grub("memory limit=rest", "a-much-too-long-name limit=rest",
                         "no name of up to 15 characters")

    def test_wrong_names(self):
        self.expect_grub("opens=image", "opens=nothing", 'no "nothing" to open',
                         "image: there is no such boot module")
        self.expect_grub("uses=block,memory", "uses=blok,memory", "without a handle 'block'")
        self.expect_grub("serves=memory holds=system", "serves=memory holds=system,gold",
                         'no "gold" to hold', status=0)
        self.expect_grub("image data", "image", "image: .*no ELF file")

    def test_limits(self):
        self.expect_grub("limit=2M serves=file", "limit=64K serves=file",
                         "boot module ext2 cannot be started: the account's limit is reached")

    def test_nobody_may_end_the_system(self):
        self.expect_grub(" holds=modules,system,io,irq", "", "cannot end the system",
                         "no program can be started without loader")

    def test_nobody_has_the_memory(self):
        self.expect_grub("limit=rest", "limit=1M", "no boot module has limit=rest")


class Image(BadBoot):
    def image(self):
        path = self.folder / "image"
        harness.machine.make_image(harness.BUILD, self.folder / "unused.iso", "--ext2", str(path))
        return path.read_bytes()

    def test_missing(self):
        self.expect_grub("    module2 /boot/image   image data\n", "",
                         "image: there is no such boot module", "loader: file system: .*ends")

    def test_cut(self):
        good = self.image()
        for size in (1000, 4096, len(good) // 2, len(good) - 1):
            with self.subTest(size=size):
                self.expect_module("image", good[:size], f"ext2: .*truncated: {size} bytes")

    def test_noise(self):
        self.expect_module("image", random.Random(1).randbytes(100000), "superblock: magic 0x")
        self.expect_module("image", bytes(100000), "superblock: magic 0x0")

    def test_damaged(self):
        good = bytearray(self.image())
        groups = good[:4096] + bytes(4096) + good[8192:]
        self.expect_module("image", groups, "inode 2: group 0 has its table at block 0")
        noise = good[:8192] + random.Random(2).randbytes(1 << 16) + good[8192 + (1 << 16):]
        self.expect_module("image", noise, "ext2: baton: inode 2: not in use")


class Programs(BadBoot):
    """Without what init, console and shell need, a line is not run, and the log says why."""

    NEEDED = {"/sbin/init": "loader: /sbin/init: ", "/sbin/console": "cannot start /sbin/console: ",
              "/bin/shell": "cannot start /bin/shell: "}

    def test_missing(self):
        for path, what in self.NEEDED.items():
            with self.subTest(path=path):
                self.expect_end(what + "no such file", image_arguments=["--remove", path])

    def test_no_executable(self):
        for path, what in self.NEEDED.items():
            with self.subTest(path=path):
                self.expect_end(f"{path}: it is not an ELF file", what + "not an executable",
                                add=[f"{self.file(b'#!/bin/sh')}:{path}"])

    def test_cut(self):
        for path, what in self.NEEDED.items():
            with self.subTest(path=path):
                cut = self.file(self.program(path.split("/")[-1])[:9000])
                self.expect_end(f"{path}: a segment lies past the end of the file",
                                what + "the format is wrong or damaged", add=[f"{cut}:{path}"])

    def test_services(self):
        self.expect_end("/etc/services names no service",
                        image_arguments=["--remove", "/etc/services"])
        for text, what in ((b"console\n", "services:1: there is no absolute path"),
                           (b"a /b gold\n", "services:1: unknown word"),
                           (random.Random(3).randbytes(5000), "/etc/services"),
                           (b"", "names no service")):
            with self.subTest(text=text[:20]):
                self.expect_end(what, "/etc/services names no service",
                                add=[f"{self.file(text)}:/etc/services"])


class Memory(BadBoot):
    def test_too_little(self):
        """Whatever it is that comes too late, it is named; how much suffices may change."""
        reasons = (r"boot module \w+ cannot be started: .* KiB of memory are left|"
                   r"no memory is left for programs|limit is reached; the system ends|"
                   r"init: \w+: cannot start /\w+/\w+: the account's limit is reached")
        for memory in ("4M", "6M", "8M", "9M", "10M", "11M", "12M", "13M"):
            with self.subTest(memory=memory):
                result = self.run_line("true", memory=memory, timeout_s=PATIENCE_S)
                if result.status != 0 or memory == "4M":
                    self.assertEqual(result.status, 125, result.report())
                    self.assertRegex(result.log.decode(errors="replace"), reasons)

    def test_enough(self):
        self.expect("echo hello", "hello\n", memory="20M")


class Crashes(BadBoot):
    """A server that crashes in the middle of its work: named, and its callers do not hang."""

    def crashing(self, name, function):
        return self.file(patch.crashing(self.program(name), function))

    def expect_server(self, name, function, *messages, **options):
        return self.expect_end(rf"{name} \(\d+\): .*\({function}\+0x0\)",
                               rf"boot module {name} \(\d+\) has ended, status 126", *messages,
                               image_arguments=["--replace",
                                                f"{self.crashing(name, function)}:{name}"],
                               **options)

    def expect_program(self, path, function, *messages, **options):
        name = path.split("/")[-1]
        return self.expect_end(rf"{path} \(\d+\): crashed in {function}\+0x0", *messages,
                               add=[f"{self.crashing(name, function)}:{path}"], **options)

    def test_ext2(self):
        """Who was being served hears of it at once, who comes later waits for the deadline."""
        result = self.expect_server("ext2", "answer_list", line="ls /; echo $?; cat /etc/motd",
                                    status=126)
        self.assertIn("ls: /: ", result.text)
        self.assertIn("shell: cat: the deadline has passed", result.text)

    def test_ext2_while_a_file_is_mapped(self):
        """Who touches a page that it was to read ends: nobody waits for what does not come."""
        result = self.expect_server(
            "ext2", "window_zeros", r"touches page 0 of a file that cannot be read: the server died",
            r"mapped \(\d+\): page fault at 0x800000", line="/test/mapped readonly /zeros",
            add=[f"{self.file(bytes(5 * 4096))}:/zeros"], status=126)
        self.assertIn("running\n", result.text)
        self.assertNotIn("still running", result.text)

    def test_ramdisk(self):
        self.expect_server("ramdisk", "answer_read", "ext2: block.read of page 0: the server died",
                           "nothing is mounted")

    def test_memory(self):
        self.expect_server("memory", "died", "no program can be started without memory",
                           line="true; sleep 60")

    def test_loader(self):
        self.expect_server("loader", "load", "no program can be started without loader")

    def test_init(self):
        self.expect_program("/sbin/init", "service_died", "loader: /sbin/init: ended with .* 126")

    def test_shell(self):
        result = self.expect_program("/bin/shell", "run_pwd", "init: shell crashed with status 126",
                                     line="echo before; pwd; echo after")
        self.assertEqual(result.text, "before\n")

    def test_console(self):
        self.expect_program("/sbin/console", "write_short", "init: console crashed with status 126",
                            "cannot be run to its end without console")

    def test_console_again_and_again(self):
        """A person's system: started again a few times, and then the session cannot go on."""
        result = self.expect_program("/sbin/console", "line_type", "console is not started again",
                                     "shell is not started again", line=None,
                                     inputs=b"  echo hello\r" * 20)
        self.assertEqual(result.log.count(b"init: console crashed"), 4)


if __name__ == "__main__":
    harness.main()
