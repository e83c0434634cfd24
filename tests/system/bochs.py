"""Boots Baton in Bochs, whose Skylake-X has what QEMU's emulation lacks: PCID, x2APIC before version
9 of QEMU, and the timer's TSC-deadline mode.

Bochs needs a terminal for its screen: it gets a pseudo-terminal, on which its debugger also takes
commands. The debugger starts stopped, and is told at once to go on. Both serial ports write files;
a run is over when the second one holds the record of an ordered end.
"""

import os
import pty
import re
import select
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import machine  # noqa: E402  (the path above finds it)

CONFIGURATION = """\
cpu: model=corei7_skylake_x, count=1, ips=20000000, reset_on_triple_fault=0
memory: guest=128, host=128
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
ata0-master: type=cdrom, path={iso}, status=inserted
boot: cdrom
display_library: term
com1: enabled=1, mode=file, dev={folder}/terminal
com2: enabled=1, mode=file, dev={folder}/log
log: {folder}/bochs
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
"""
ESCAPES = re.compile(rb"\x1b[\[(][0-9;?]*[A-Za-z]?|[\x00-\x08\x0e-\x1f]")
STATE_LINES = 60
CRASHED = b"*** the system has ended"  # what the kernel's crash report ends with


class Emulator:
    """A running Bochs, and what it writes on its pseudo-terminal."""

    def __init__(self, configuration, commands):
        self.ended = False
        self.screen = b""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            try:
                machine.die_with_parent()
                os.environ["TERM"] = "vt100"
                os.execvp("bochs", ["bochs", "-q", "-f", configuration, "-rc", commands])
            finally:
                os._exit(127)

    def listen(self, seconds):
        """Takes what comes on the terminal: a full one would stop Bochs."""
        end = time.monotonic() + seconds
        while not self.ended and (left := end - time.monotonic()) > 0:
            if not select.select([self.terminal], [], [], left)[0]:
                continue
            try:
                chunk = os.read(self.terminal, 65536)
            except OSError:  # how a pseudo-terminal says that nobody has its other side
                chunk = b""
            self.screen += chunk
            self.ended = not chunk

    def state(self):
        """Registers, from the debugger, below the last of what was on the screen."""
        if not self.ended:
            os.kill(self.pid, signal.SIGINT)
            self.listen(2)
            os.write(self.terminal, b"r\ncreg\nsreg\n")
            self.listen(2)
        text = ESCAPES.sub(b" ", self.screen).decode(errors="replace")
        lines = [line.rstrip() for line in text.splitlines() if line.strip()]
        return "\n".join(lines[-STATE_LINES:])

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def contents(path):
    return path.read_bytes() if path.exists() else b""


def run(iso, timeout_s):
    """Boots an ISO that runs a line, and gives a machine.Result from what the machine printed."""
    with tempfile.TemporaryDirectory(prefix="baton-bochs.") as name:
        folder = Path(name)
        configuration, commands = folder / "configuration", folder / "commands"
        configuration.write_text(CONFIGURATION.format(iso=iso, folder=folder))
        commands.write_text("c\n")
        emulator = Emulator(str(configuration), str(commands))
        state = ""
        try:
            end = time.monotonic() + timeout_s
            log = b""
            while (not emulator.ended and time.monotonic() < end and CRASHED not in log
                   and not machine.RECORD.search(log)):
                emulator.listen(0.2)
                log = contents(folder / "log")
            log = contents(folder / "log")  # Bochs may have ended just behind the last look
            record = machine.RECORD.search(log)
            if not record:
                state = emulator.state() + "\n" + contents(folder / "bochs").decode(errors="replace")
        finally:
            emulator.end()
        if record:
            status, reason = int(record[1]), ""
        elif CRASHED in log:
            status, reason = machine.STATUS_SYSTEM_CRASHED, "the system crashed"
        elif emulator.ended:
            status, reason = machine.STATUS_SYSTEM_CRASHED, "Bochs ended before the system did"
        else:
            status, reason = machine.STATUS_TIMED_OUT, f"timed out after {timeout_s:g} s"
        return machine.Result(status, contents(folder / "terminal"), log, reason, state, "bochs")
