"""The benchmark's own tools, tried without booting."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "host"))
sys.dont_write_bytecode = True

import lines  # noqa: E402  (the path above finds them)
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
