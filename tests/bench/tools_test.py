"""The benchmark's own tools, tried without booting."""

import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "host"))
sys.dont_write_bytecode = True

import baton  # noqa: E402  (the path above finds them)
import curve  # noqa: E402
import lines  # noqa: E402
import linux_peer  # noqa: E402
import rows  # noqa: E402
import table  # noqa: E402
import tools  # noqa: E402

TEXT = """noise
bench nothing 2 2 512 0 0 0 0
bench call 300 290 512 1024 0 0 256
bench single 7 7 1 0 0 0 0
bench-error a page: no frame is left
"""


class Lines(unittest.TestCase):
    def test_figures(self):
        figures, errors = lines.parse(TEXT)
        self.assertEqual((figures["call"].median, figures["call"].minimum), (300, 290))
        self.assertEqual(figures["call"].counters["space_loads"], 2)
        self.assertEqual(figures["call"].counters["wake_ipis"], 0.5)
        self.assertEqual(figures["single"].counters, {})
        self.assertEqual(errors, ["a page: no frame is left"])
        self.assertEqual(lines.names(TEXT), ["nothing", "call", "single"])


class Rows(unittest.TestCase):
    def row(self, median, **fields):
        return rows.Row("messages", "call", "a call", figure=lines.Figure(median, median), **fields)

    def test_table_is_sound(self):
        loaded = rows.load()
        self.assertEqual(len({row.key for row in loaded}), len(loaded))
        peers = table.Peers()
        for row in loaded:
            self.assertIn(row.group, rows.GROUPS)
            self.assertTrue(not row.peers or peers.of(row), row.peers)

    def test_extra(self):
        row = rows.Row("messages", "lend_page", "extra", of="lend", minus="call")
        figures = {"lend": lines.Figure(500, 480, 512, {"atomics": 9}),
                   "call": lines.Figure(300, 290, 512, {"atomics": 3})}
        self.assertEqual(rows.fill([row], figures), [])
        self.assertEqual((row.figure.median, row.figure.minimum), (200, 190))
        self.assertEqual(row.figure.counters, {"atomics": 6})
        self.assertEqual(rows.fill([row], {"lend": figures["lend"]}), ["messages/lend_page"])

    def test_spread(self):
        row = rows.Row("parcels", "give_spread", "spread", spread=("a", "b", "c"), budget=45)
        figures = {name: lines.Figure(median, median - 1)
                   for name, median in (("a", 340), ("b", 386), ("c", 345))}
        self.assertEqual(rows.fill([row], figures), [])
        self.assertEqual(row.figure.median, 46)
        self.assertTrue(row.over_budget)
        del figures["b"]
        self.assertEqual(rows.fill([row], figures), ["parcels/give_spread"])

    def test_limits(self):
        self.assertFalse(self.row(300, budget=300).over_budget)
        self.assertTrue(self.row(301, budget=300).over_budget)
        self.assertTrue(self.row(301).over_reached({"messages/call": 300}))
        self.assertFalse(self.row(301, slack_percent=1).over_reached({"messages/call": 300}))
        self.assertFalse(self.row(301, ratchet=False).over_reached({"messages/call": 300}))

    def test_best_so_far_only_falls(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "reached.json"
            for median, expected in ((300, 300), (310, 300), (290, 290)):
                rows.reached_lower([self.row(median)], "clang 19", path)
                self.assertEqual(rows.reached_load(path),
                                 ("clang 19", {"messages/call": expected}))
            self.assertRaises(ValueError, rows.reached_lower, [], "clang 20", path)


class Counts(unittest.TestCase):
    def test_bytes_are_counted_when_asked(self):
        for text, expected in (("atomics 4 cr3 2 invlpg 0\n", {}),
                               ("atomics 4 cr3 2 invlpg 0 bytes 64\n", {"bytes": 32})):
            figures = {"call": lines.Figure(300, 290, 2, {"page_flushes": 0})}
            self.assertEqual(baton.add_counts(figures, ["call"], text), [])
            self.assertEqual(figures["call"].counters,
                             {"atomics": 2, "space_loads": 1, "page_flushes": 0} | expected)


class Boot(unittest.TestCase):
    LOG = "init: main at 5000 ticks after boot"

    def test_calibration_is_taken_off(self):
        figures = {"calibration": lines.Figure(2000, 2000), "kernel_entry": lines.Figure(1, 1)}
        baton.boot_figures(figures, self.LOG)
        self.assertEqual(figures["to_init"].median, 3000)
        self.assertNotIn("kernel_entry", figures)

    def test_other_machines_boot_is_not_reported(self):
        figures = {"clone_1g": lines.Figure(1, 1)}
        baton.boot_figures(figures, self.LOG)
        self.assertEqual(list(figures), ["clone_1g"])


class Curve(unittest.TestCase):
    """Moving costs 1,000 however large it is, copying 200 and 1 for each byte."""

    def points(self, moved=1000):
        def figure(median):
            return lines.Figure(median, median, 3, {"bytes": 2 * median})

        figures = {"call_0": figure(200)}
        for size in (256, 512, 1024, 2048):
            lending = 300
            figures |= {f"give_{size}": figure(moved), f"give_read_{size}": figure(moved),
                        f"renew_{size}": figure(10_000), f"lend_{size}": figure(200 + lending),
                        f"lend_read_{size}": figure(moved),
                        f"copy_{size}": figure(200 + lending + size),
                        f"copy_read_{size}": figure(200 + lending + size)}
        return curve.points(figures)

    def test_lending_is_no_part_of_copying(self):
        entry = self.points()[0]
        self.assertEqual((entry.size, entry.cost["copy"], entry.cost["copy_read"]),
                         (256, 456, 456))
        self.assertEqual(entry.touched["copy"], 912)
        self.assertEqual(entry.cost["renewed_read"], 11_000)

    def test_crossover(self):
        self.assertEqual(curve.crossover(self.points(), "give", "copy"), 800)
        self.assertEqual(curve.crossover(self.points(moved=300), "give", "copy"), 256)
        self.assertIsNone(curve.crossover(self.points(), "renewed_read", "copy_read"))

    def test_missing_figures_are_named(self):
        self.assertRaisesRegex(curve.CurveError, "give_64", curve.points,
                               {"give_read_64": lines.Figure(1, 1)})
        self.assertRaises(curve.CurveError, curve.points, {})

    def test_picture(self):
        root = xml.etree.ElementTree.fromstring(curve.picture(self.points()))
        names = [element.tag.rpartition("}")[2] for element in root]
        self.assertEqual(names.count("polyline"), len(curve.SERIES))
        texts = [element.text for element in root if element.tag.endswith("text")]
        self.assertIn("800 bytes", texts)
        for element in root:
            for place in element.get("points", "").split():
                x, y = map(float, place.split(","))
                self.assertTrue(0 <= x <= curve.WIDTH and 0 <= y <= curve.HEIGHT, place)


class Tools(unittest.TestCase):
    def test_code_lines(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.c"
            path.write_text('// one\n\nint a; /* two\n three */ int b;\n/*\n*/ char *c = "//";\n',
                            encoding="utf-8")
            self.assertEqual(tools.code_lines(path), 3)

    def test_archive(self):
        data = linux_peer.archive({"init": b"12345"})
        self.assertTrue(data.startswith(b"070701"))
        self.assertEqual(len(data) % 4, 0)
        at = data.index(b"init\0") - 110
        self.assertEqual(int(data[at + 54:at + 62], 16), 5)  # size
        self.assertEqual(int(data[at + 14:at + 22], 16), 0o100755)
        self.assertIn(b"TRAILER!!!\0", data)


if __name__ == "__main__":
    unittest.main()
