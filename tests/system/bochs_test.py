"""The system on a processor with x2APIC and the TSC-deadline timer, as Bochs emulates it."""

import bochs
import harness

TIMEOUT_S = 85


class Bochs(harness.SystemTest):
    def test_line(self):
        result = bochs.run(harness.image("echo hello"), TIMEOUT_S)
        if result.status != 0 or result.output != b"hello\n":
            self.fail_with(result, "'echo hello' should print 'hello'")
        self.assertIn("tsc-deadline", result.log.decode(errors="replace"))


if __name__ == "__main__":
    harness.main()
