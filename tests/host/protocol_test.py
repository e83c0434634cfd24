"""scripts/protocol: wire mapping, compatible changes, decode tables, reference, command line."""

import random
import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent / "protocol"))

from common import HEAD, METHOD, PROTOCOLS, SAMPLE, SCRIPT, read, run  # noqa: E402
from protocol_lib import compare, load, reference, table  # noqa: E402
from protocol_lib.lexer import Errors  # noqa: E402


class Places(unittest.TestCase):
    """The wire mapping is final."""

    def places(self, protocol, name):
        method = next(m for m in protocol.methods if m.name == name)
        return [" ".join(f"{p.name}:{p.place}{p.offset}" for p in parameters)
                for parameters in (method.arguments, method.results)]

    def test_sample(self):
        protocol, errors = read(SAMPLE.read_text(), str(SAMPLE))
        self.assertEqual(errors, [])
        golden = {
            "scalars": ["a:words0 b:words4 c:words8 d:words10 e:words16 f:words24 g:words26 "
                        "h:words32",
                        "h2:words0 g2:words8 f2:words10 d2:words11 c2:words12 e2:words16 "
                        "b2:words24 a2:words28"],
            "brief": ["tag:words0 name:words8 data:words24",
                      "part:words0 pair:words8 name_back:words16 data_back:words24"],
            "full": ["first:page0 thing:page4096 data:page4144 second:page4248",
                     "number:words0 thing_back:page0 first_back:page48 data_back:page4144"],
            "handles": ["a:handle0 b:handle1 data:parcel0", "c:handle0 d:handle1"],
            "parcels": ["count:words0 data:parcel0", "used:words0 back:parcel0"],
            "name": ["text:words0", "text_back:words0"],
        }
        for name, places in golden.items():
            with self.subTest(name):
                self.assertEqual(self.places(protocol, name), places)

    def test_file(self):
        protocol = load.load([PROTOCOLS / "file.protocol"])[0][0]
        self.assertEqual(self.places(protocol, "open"), [
            "path:page0 mode:words0",
            "fd:words0 kind:words4 size:words8 inode:words16 generation:words24"])
        self.assertEqual(self.places(protocol, "read"), [
            "fd:words0 count:words4 offset:words8", "bytes:words0 data:parcel0"])
        self.assertEqual(self.places(protocol, "stat")[1], "stat:words0")
        self.assertEqual(self.places(protocol, "read_link"), ["path:page0", "target:page0"])


class Changes(unittest.TestCase):
    """--check refuses what would break programs, and nothing else."""

    def changes(self, old, new):
        errors = Errors()
        before = load.load_text("old.protocol", old, Errors())
        after = load.load_text("new.protocol", new, Errors())
        compare.compare(before, after, errors)
        return [line.split(":", 1)[1] for line in errors.lines()]

    def changed(self, old, new):
        text = SAMPLE.read_text()
        self.assertIn(old, text)
        return self.changes(text, text.replace(old, new))

    def test_compatible(self):
        self.assertEqual(self.changed("version 2", "version 3"), [])
        self.assertEqual(self.changed("# Bounds.", "# Limits, which are checked."), [])
        self.assertEqual(self.changed("blue = 7", "blue = 7, grey = 8"), [])
        self.assertEqual(self.changed("errors too_large", "errors too_large, io"), [])
        self.assertEqual(self.changed("reserved 7 later, ",
                                      "# Later is now.\nmethod 7 later()\nreserved "), [])
        self.assertEqual(self.changed("    errors too_large\n", "    idempotent\n"), [])

    def test_incompatible(self):
        cases = [
            ("protocol sample = 999", "protocol sample = 998",
             "2:10: protocol 998 'sample' was 999 'sample'"),
            ("version 2", "version 1", "2:10: version 1 is older than 2"),
            ("text_limit = 100", "text_limit = 101", "4:10: the constant 'text_limit' was 100"),
            ("green = 2, ", "", "7:6: the value of 'colour' 'green' is gone"),
            ("enum colour : u8", "enum colour : u16", "7:6: 'colour' was: enum u8"),
            ("left: i16, right: i16", "right: i16, left: i16",
             "11:16: struct 'inner': 'left' was here"),
            ("method 2 nothing", "method 12 nothing",
             "33:11: the method 'nothing' was number 2"),
            ("# Nothing in, nothing out.\nmethod 2 nothing()\n", "",
             "2:10: the method 'nothing' is gone"),
            ("low: u8 3..7", "low: u8 3..8", "36:17: arguments of 'bounds': 'low' was: u8 3..7"),
            ("any: u64)", "any: u64, more: u8)", "36:81: arguments of 'bounds': 'more' is new"),
            ("used: u32, ", "", "55:9: results of 'parcels': 'used' was here"),
            ("with call transfer", "with call",
             "49:18: arguments of 'handles': 'a' was: handle port of sample with call transfer"),
            ("    idempotent\n", "", "27:10: the method 'scalars' was idempotent"),
            ("reserved 7 later", "reserved 12 later",
             "2:10: 7 is no longer set aside for 'later'"),
            ("11 much_later", "11 soon", "66:19: 11 was set aside for 'much_later'"),
        ]
        for old, new, message in cases:
            with self.subTest(new):
                self.assertIn(message, self.changed(old, new))


class Tables(unittest.TestCase):
    def test_what_is_in_a_table(self):
        protocol = read(SAMPLE.read_text(), str(SAMPLE))[0]
        found = table.read(bytes(8) + table.table(protocol) + bytes(16) + table.table(protocol))
        self.assertEqual(len(found), 2)
        sample = found[1]
        self.assertEqual((sample["name"], sample["protocol"], sample["version"]),
                         ("sample", 999, 2))
        self.assertEqual([t["name"] for t in sample["types"]],
                         ["colour", "wide", "option", "inner", "thing", "record"])
        self.assertEqual(sample["types"][0]["values"], [(1, "red"), (2, "green"), (7, "blue")])
        self.assertEqual(sample["types"][5]["fields"][2]["count"], 0xFFFF)
        methods = {m["name"]: m for m in sample["methods"]}
        self.assertEqual(methods["scalars"]["errors"], [67, 10])
        self.assertTrue(methods["scalars"]["idempotent"])
        self.assertEqual(methods["full"]["arguments"][1],
                         {"class": 16, "index": 4, "count": 0, "place": 1, "rights": 0,
                          "offset": 4096, "name": "thing"})
        self.assertEqual(methods["handles"]["arguments"][1],
                         {"class": 18, "index": 0x84, "count": 0, "place": 2, "rights": 8,
                          "offset": 1, "name": "b"})
        self.assertEqual(methods["parcels"]["arguments"][1],
                         {"class": 17, "index": 1, "count": 256, "place": 3, "rights": 0,
                          "offset": 6, "name": "data"})

    def test_damaged_tables_are_refused(self):
        data = table.table(read(SAMPLE.read_text(), str(SAMPLE))[0])
        randomly = random.Random(2)
        for length in range(8, len(data), 8):
            with self.assertRaises(ValueError):
                table.read(data[:length])
        for _ in range(2000):
            spoiled = bytearray(data)
            spoiled[randomly.randrange(len(data))] = randomly.randrange(256)
            try:
                table.read(bytes(spoiled))
            except ValueError:
                pass


class Files(unittest.TestCase):
    """The protocols themselves, and their README."""

    def test_all_are_sound(self):
        result = run(SCRIPT, "--reference", "/dev/null", *sorted(PROTOCOLS.glob("*.protocol")))
        self.assertEqual((result.stderr, result.returncode), ("", 0))

    def test_readme_lists_them(self):
        text = (PROTOCOLS / "README.md").read_text().split("## A protocol file")[0]
        rows = re.findall(r"^\| (\d+) \| (\w+) \|", text, re.M)
        protocols = load.load(sorted(PROTOCOLS.glob("*.protocol")))[0]
        self.assertEqual({(int(number), name) for number, name in rows},
                         {(p.number, p.name) for p in protocols})

    def test_reference_page(self):
        page = reference.page(load.load([PROTOCOLS / "file.protocol"])[0])
        self.assertIn("### 1 open\n\n    open(path: string 4095, mode: mode) -> (fd: u32, "
                      "kind: kind, size: u64, inode: u64, generation: u64)\n", page)
        self.assertIn("| out | kind | kind | word 0, byte 4 |", page)
        self.assertIn("| 8 | size | u64 | in bytes |", page)
        self.assertIn("Set aside: 9 write, ", page)


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def test_errors_of_several_files(self):
        p = self.write("p.protocol", HEAD + "# M.\nmethod 1 m(a: odd)\n")
        q = self.write("q.protocol", HEAD.replace(" p ", " q ") + METHOD)
        result = run(SCRIPT, "--out", self.folder, p, q, self.folder / "none")
        self.assertEqual(result.returncode, 1)
        lines = result.stderr.splitlines()
        self.assertEqual(lines[1], f"{p}:5:15: there is no type 'odd'")
        self.assertEqual(lines[2], f"{q}:2:10: protocol 9 is 'p' already")
        self.assertTrue(lines[0].startswith(f"{self.folder}/none:1:1: cannot be read: "))
        self.assertFalse((self.folder / "protocols").exists())

    def test_check(self):
        old = self.write("p.protocol", HEAD + METHOD)
        folder = self.folder / "new"
        folder.mkdir()
        new = folder / "p.protocol"
        new.write_text(HEAD + METHOD.replace("m()", "m(a: u8)"))
        result = run(SCRIPT, "--check", old, new)
        self.assertEqual((result.stderr, result.returncode),
                         (f"{new}:5:12: arguments of 'm': 'a' is new\n", 1))
        self.assertEqual(run(SCRIPT, "--check", old, old).returncode, 0)

    def test_same_input_same_output(self):
        for folder in ("a", "b"):
            run(SCRIPT, "--out", self.folder / folder, SAMPLE)
        for name in ("sample.h", "sample.c"):
            first, second = (self.folder / f / "protocols" / name for f in ("a", "b"))
            self.assertEqual(first.read_bytes(), second.read_bytes())


if __name__ == "__main__":
    unittest.main()
