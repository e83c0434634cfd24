"""The system on a processor with x2APIC, PCID and the TSC-deadline timer, as Bochs emulates it."""

import re

import bochs
import harness

TIMEOUT_S = 85


class Bochs(harness.SystemTest):
    def test_line(self):
        result = bochs.run(harness.image("echo hello"), TIMEOUT_S)
        if result.status != 0 or result.output != b"hello\n":
            self.fail_with(result, "'echo hello' should print 'hello'")
        self.assertIn("tsc-deadline", result.log.decode(errors="replace"))

    def test_tagged_translations(self):
        rounds = 10
        result = bochs.run(harness.image(f"/test/stale {rounds}"), TIMEOUT_S)
        if result.status != 0:
            self.fail_with(result, "no thread should reach memory that has left it")
        self.assertIn("pcid", result.log.decode(errors="replace"))
        kept = re.search(rb"^kept ([0-9]+)", result.output, re.MULTILINE)
        self.assertIsNotNone(kept, result.output)
        self.assertGreaterEqual(int(kept[1]), rounds)


if __name__ == "__main__":
    harness.main()
