"""Threads never reach memory that has left them; a lender that waits flushes nothing."""

import harness

CASES = ("waiting", "lender", "cloner", "giver", "freer", "protector")


class Stale(harness.SystemTest):
    def test_threads(self):
        for harts in (1, 2, 4):
            with self.subTest(harts=harts):
                result = self.expect_status("/test/stale 30", 0, harts=harts, timeout_s=240)
                # Children end by faults, as they should: their ends are printed.
                seen = [line for line in result.text.splitlines() if line in CASES]
                self.assertEqual(seen, list(CASES), result.text)
                self.assertIn("kept 0\n", result.text)  # QEMU emulates no PCID


if __name__ == "__main__":
    harness.main()
