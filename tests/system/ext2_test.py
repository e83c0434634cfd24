"""Files of ext2 images of all block sizes read inside as on the host; damaged ones are named."""

import os
import subprocess
import tempfile
import zlib
from pathlib import Path

import harness

WHOLE_MAX = 16 << 20  # as in tests/programs/crcwalk.c
WINDOW = 1 << 20
MANY = 5000
DEPTH = 60
WALK_TIMEOUT_S = 240

_folder = tempfile.TemporaryDirectory(prefix="baton-ext2-test.")
WORK = Path(_folder.name)
TREE = WORK / "tree"      # goes into the image as a folder
SPARSE = WORK / "sparse"  # file by file, which keeps holes


def noise(size, seed):
    """Bytes that differ from place to place, the same on every run."""
    state = zlib.crc32(str(seed).encode())
    unit = b"".join(zlib.crc32(b"%d" % index, state).to_bytes(4, "little") for index in range(4099))
    return (unit * (size // len(unit) + 1))[:size]


def make_sizes(folder):
    """Files that end around the places where a map of blocks changes its shape."""
    folder.mkdir()
    (folder / "empty").touch()
    for block in (1024, 2048, 4096):
        for blocks in (1, 12, 13, 12 + block // 4, 13 + block // 4):
            for off in (-1, 0, 1):
                size = blocks * block + off
                if size < 700_000:
                    (folder / f"size-{size}").write_bytes(noise(size, size))
    (folder / "dense").write_bytes(noise(1_234_567, "dense"))


def make_names(tree):
    many = tree / "many"
    many.mkdir()
    for index in range(MANY):
        (many / f"entry-{index:05}").touch()
    long = tree / ("n" * 255)
    long.mkdir()
    (long / ("o" * 255)).write_bytes(b"long names\n")
    deep = tree / "deep"
    for level in range(DEPTH):
        deep = deep / f"level-{level:02}"
    deep.mkdir(parents=True)
    (deep / "bottom").write_bytes(b"deep down\n")


def make_links(folder):
    folder.mkdir()
    for name, target in (("relative", "../sizes/dense"), ("absolute", "/tree/sizes/dense"),
                         ("folder", "../sizes/"), ("dangling", "missing"), ("self", "self"),
                         ("fast", "x" * 59), ("slow", "x" * 60), ("long", "./" * 500 + "relative")):
        (folder / name).symlink_to(target)
    (folder / "chain-01").symlink_to("../sizes/dense")
    for index in range(2, 42):
        (folder / f"chain-{index:02}").symlink_to(f"chain-{index - 1:02}")


def write_edges(path, size):
    """A file with data at its begin, middle and end; the rest are holes."""
    with open(path, "wb") as file:
        for offset in (0, size // 2, size - 3000):
            file.seek(offset)
            file.write(noise(3000, f"{size} {offset}"))


def make_sparse():
    SPARSE.mkdir()
    for block in (1024, 2048, 4096):
        entries = block // 4
        write_edges(SPARSE / f"double-{block}", (12 + entries + 5 * entries) * block + 1)
        write_edges(SPARSE / f"triple-{block}",
                    (12 + entries + entries ** 2 + 3 * entries + 7) * block + 5)
    with open(SPARSE / "all-hole", "wb") as file:
        file.truncate(3_000_000)
    with open(SPARSE / "holes", "wb") as file:
        for page in range(200):
            if page * page % 7 < 3:
                file.seek(page * 4096)
                file.write(noise(1024 + page % 4 * 1024, page))
        file.truncate(250 * 4096 + 17)


def make_trees():
    TREE.mkdir()
    make_sizes(TREE / "sizes")
    make_names(TREE)
    make_links(TREE / "links")
    make_sparse()


def crc_of(path, size):
    if size <= WHOLE_MAX:
        windows = [(0, size)]
    else:
        windows = [(0, WINDOW), (size // 2, WINDOW), (size - WINDOW, WINDOW)]
    crc = 0
    with open(path, "rb") as file:
        for offset, count in windows:
            file.seek(offset)
            crc = zlib.crc32(file.read(count), crc)
    return crc


def expected_lines(source, target):
    """What crcwalk prints of a folder, in any order."""
    lines = []
    for folder, folders, files in os.walk(source):
        inside = target + folder[len(str(source)):]
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        lines.append(f"folder {inside} {len(folders) + len(files)}")
        for name in files + links:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                lines.append(f"link {inside}/{name} -> {os.readlink(path)}")
            else:
                size = os.path.getsize(path)
                lines.append(f"{size} {crc_of(path, size):08x} {inside}/{name}")
    return lines


class Walk(harness.SystemTest):
    """Every file of a tree, with each block size."""

    @classmethod
    def setUpClass(cls):
        make_trees()
        cls.add = [f"{TREE}:/tree"] + [f"{path}:/sparse/{path.name}" for path in SPARSE.iterdir()]

    def walk(self, path, source, block_size):
        result = self.expect_status(f"/test/crcwalk {path}", 0, add=self.add,
                                    image_arguments=[f"--block-size={block_size}"],
                                    timeout_s=WALK_TIMEOUT_S)
        printed = result.text.replace("\r\n", "\n").splitlines()
        self.assertEqual(sorted(printed), sorted(expected_lines(source, path)))

    def test_tree(self):
        for block_size in (1024, 2048, 4096):
            with self.subTest(block_size=block_size):
                self.walk("/tree", TREE, block_size)

    def test_sparse(self):
        for block_size in (1024, 2048, 4096):
            with self.subTest(block_size=block_size):
                self.walk("/sparse", SPARSE, block_size)

    def test_links(self):
        name = "n" * 255 + "/" + "o" * 255
        self.expect(f"cat /tree/links/folder/../{name}", "long names\n", add=self.add)
        self.run_loop("chain-41")
        self.run_loop("self")

    def run_loop(self, name):
        result = self.run_line(f"cat /tree/links/{name}", add=self.add)
        self.assertEqual((result.status, "symbolic links" in result.text), (1, True), result.text)


class Damage(harness.SystemTest):
    """What is wrong with an image is said in the log, and the rest goes on."""

    @classmethod
    def setUpClass(cls):
        cls.image = WORK / "image"
        note = WORK / "note"
        note.write_text("a note\n", encoding="ascii")
        harness.machine.make_image(harness.BUILD, WORK / "whole.iso", "--tests",
                                   "--add", f"{note}:/home/note",
                                   "--line=cat /home/note; echo still here",
                                   "--ext2", str(cls.image))

    def damaged(self, name, change):
        """Boots with a changed copy of the image; its own line is run."""
        path = WORK / name
        path.write_bytes(change(self.image.read_bytes()))
        return harness.run(None, image_arguments=["--replace", f"{path}:image"])

    def expect_log(self, result, *texts):
        log = result.log.decode(errors="replace")
        for text in texts:
            if text not in log:
                self.fail_with(result, f"the log should say '{text}'")

    def expect_refused(self, result, *texts):
        self.assertNotEqual(result.status, 0)
        self.expect_log(result, *texts)

    def test_no_file_system(self):
        result = self.damaged("zeros", lambda image: bytes(len(image)))
        self.expect_refused(result, "magic 0x0, not 0xef53")

    def test_truncated(self):
        result = self.damaged("half", lambda image: image[:len(image) // 2])
        self.expect_refused(result, "truncated")

    def test_unknown_feature(self):
        def with_extents(image):
            changed = bytearray(image)
            changed[1024 + 96] |= 0x40
            return bytes(changed)
        self.expect_refused(self.damaged("extents", with_extents), "feature extents")

    def test_one_file(self):
        def with_wild_block(image):
            path = WORK / "wild"
            path.write_bytes(image)
            environment = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
            subprocess.run(["debugfs", "-w", "-R", "sif /home/note block[0] 99999999", str(path)],
                           check=True, capture_output=True, env=environment)
            return path.read_bytes()
        result = self.damaged("one-file", with_wild_block)
        self.expect_log(result, "block 99999999 beyond the end")
        self.assertIn("still here", result.text)
        self.assertNotIn("a note", result.text)


if __name__ == "__main__":
    harness.main()
