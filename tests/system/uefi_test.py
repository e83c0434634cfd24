"""UEFI firmware: the system boots, powers off, and shows a crash report on its framebuffer."""

import subprocess
import tempfile
import time
from pathlib import Path

import harness

FIRMWARE = "/usr/share/ovmf/OVMF.fd"
PATIENCE_S = 60
CRASHED = b"*** the system has ended"
LETTERS_PIXELS = 5000  # white ones; the report has several times as many


class Uefi(harness.SystemTest):
    def test_line(self):
        """The firmware, too, prints on the first serial port."""
        for machine, harts in ("q35", 2), ("pc", 1):
            with self.subTest(machine=machine, harts=harts):
                result = self.expect_status("echo hello", 0, machine=machine, harts=harts,
                                            firmware=FIRMWARE)
                self.assertTrue(result.text.endswith("hello\n"), result.text)

    def test_acpi_powers_off(self):
        result = self.expect_status("exit 7", 7, machine="q35", firmware=FIRMWARE,
                                    exit_device=False)
        self.assertNotIn("cannot power off", result.log.decode(errors="replace"))

    def crash(self, folder):
        """The white pixels of the screen once a system without a memory server has crashed."""
        text = (harness.SOURCE / "boot/grub/grub.cfg").read_text(encoding="utf-8")
        grub, log, control, picture = (folder / name for name in ("grub", "log", "qmp", "picture"))
        grub.write_text(text.replace("limit=rest", "limit=1M"), encoding="utf-8")
        machine = harness.machine.Machine(firmware=FIRMWARE, exit_device=False)
        command = machine.command(harness.image("true", arguments=["--grub", str(grub)]))
        command += ["-display", "none", "-serial", "null", "-serial", f"file:{log}",
                    "-monitor", "none", "-qmp", f"unix:{control},server=on,wait=off"]
        with subprocess.Popen(command, preexec_fn=harness.machine.die_with_parent) as qemu:
            try:
                deadline = time.monotonic() + PATIENCE_S
                while not log.exists() or CRASHED not in log.read_bytes():
                    self.assertLess(time.monotonic(), deadline, "no crash report")
                    time.sleep(0.2)
                harness.machine.Monitor(control).execute("screendump", filename=str(picture))
            finally:
                qemu.kill()
        return picture.read_bytes().split(b"\n", 3)[3].count(b"\xff") // 3

    def test_crash_report_on_the_screen(self):
        with tempfile.TemporaryDirectory() as name:
            self.assertGreater(self.crash(Path(name)), LETTERS_PIXELS)


if __name__ == "__main__":
    harness.main()
