"""Messages between processes: words, memory and handles that travel, deadlines, deaths, and what is
left after servers and clients were killed at random, or called the system at random.

BATON_SEED picks the seed of the random ones, BATON_STRESS multiplies how much they do.
"""

import os

import harness

SEED = int(os.environ.get("BATON_SEED", "1"))
STRESS = int(os.environ.get("BATON_STRESS", "1"))
WORDS = ["words", "registers", "wrong", "deadlines", "kept", "deaths", "handles", "many_handles",
         "revoked", "notifications", "begun"]
MEMORY = ["lend", "give", "clone", "refusals", "late", "chain", "death_with_loan", "lender_ends"]


def lines(names):
    return "".join(name + "\n" for name in names)


class Messages(harness.SystemTest):
    def test_words(self):
        for harts in (1, 2, 4):
            with self.subTest(harts=harts):
                self.expect("/test/message", lines(WORDS), harts=harts)

    def test_memory(self):
        for harts in (1, 2, 4):
            with self.subTest(harts=harts):
                # Two servers end by their own checks, as they should: their ends are printed.
                result = self.expect_status("/test/message_memory", 0, harts=harts)
                seen = [line for line in result.text.splitlines() if not line.startswith("FAILED")]
                self.assertEqual(seen, MEMORY)

    def test_crash_at_every_message(self):
        for harts in (1, 4):
            with self.subTest(harts=harts):
                self.expect("/test/message_crash", "12 messages\n", harts=harts, timeout_s=180)

    def test_vectors(self):
        for harts in (1, 2):
            with self.subTest(harts=harts):
                self.expect("/test/message_vectors", "kept\n", harts=harts, timeout_s=120)


class Random(harness.SystemTest):
    """The seed that failed is printed."""

    def expect_clean(self, line, seed, harts):
        result = self.expect_status(f"{line} && echo hello", 0, harts=harts, timeout_s=400)
        if result.text != f"seed {seed}\nclean\nhello\n":
            self.fail_with(result, f"{line} on {harts} harts")

    def test_killed(self):
        for harts, kills in ((1, 60), (4, 100), (8, 200)):
            with self.subTest(harts=harts, seed=SEED + harts):
                self.expect_clean(f"/test/stress {SEED + harts} {kills * STRESS}", SEED + harts,
                                  harts)

    def test_hostile(self):
        for harts, children in ((1, 16), (8, 48)):
            with self.subTest(harts=harts, seed=SEED + harts):
                self.expect_clean(f"/test/hostile {SEED + harts} {children * STRESS} 10000",
                                  SEED + harts, harts)


if __name__ == "__main__":
    harness.main()
