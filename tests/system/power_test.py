"""How the system ends on a machine that is no emulator: without QEMU's exit device."""

import harness

RESETS = "cannot power off: resetting"


class Power(harness.SystemTest):
    def check(self, result, status, resets):
        if result.status != status or (RESETS in result.log.decode(errors="replace")) != resets:
            self.fail_with(result, f"status {result.status}, not {status}, or the wrong way")

    def test_acpi_powers_off(self):
        for machine, harts in ("pc", 1), ("q35", 2):
            with self.subTest(machine=machine, harts=harts):
                result = self.run_line("exit 7", machine=machine, harts=harts, exit_device=False)
                self.check(result, 7, resets=False)

    def test_without_acpi_it_resets(self):
        """No interrupt lines either, so the console's failure is what ends the system."""
        result = self.run_line("exit 7", machine="pc,acpi=off", exit_device=False)
        self.check(result, 125, resets=True)
        self.assertIn("could not go on", result.reason)

    def test_a_person_powers_off(self):
        result = harness.run(None, inputs=b"  poweroff\r", exit_device=False)
        self.check(result, 0, resets=False)


if __name__ == "__main__":
    harness.main()
