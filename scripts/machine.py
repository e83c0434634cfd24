"""Boots Baton in QEMU: the one place that knows QEMU's options, and what an ending means.

The first serial port is the terminal. The second carries the log and, at an ordered end, the
record "\\x1ebaton-end status=N\\x1f"; the kernel then writes to isa-debug-exit, which ends QEMU with
ENDED_IN_ORDER, or with SYSTEM_CRASHED after a crash report.

Used by scripts/boot (that is, scripts/run) and by tests/system/harness.py.
"""

import ctypes
import dataclasses
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent

STATUS_TIMED_OUT = 124
STATUS_SYSTEM_CRASHED = 125

ENDED_IN_ORDER = 99  # what the kernel writes, twice, plus one: 0x31
SYSTEM_CRASHED = 103  # likewise 0x33
POWERED_OFF = 0  # or reset: QEMU is told not to start again
EXIT_DEVICE = ("-device", "isa-debug-exit,iobase=0xf4,iosize=0x04")
RECORD = re.compile(rb"\x1ebaton-end status=(\d+)\x1f")
LOG_TAIL_LINES = 40


@dataclasses.dataclass
class Machine:
    """What is booted on."""

    harts: int = 1
    memory: str = "128M"
    machine: str = "pc"
    cpu: str = "max"
    kvm: bool = False
    firmware: str = ""  # a UEFI firmware file; BIOS when empty
    exit_device: bool = True  # isa-debug-exit; without it the system has to power off
    extra: tuple = ()  # further words for QEMU

    def command(self, iso):
        if self.kvm:
            accelerator = "kvm"
        else:
            accelerator = "tcg,thread=" + ("multi" if self.harts > 1 else "single")
        firmware = ["-drive", f"if=pflash,format=raw,readonly=on,file={self.firmware}"]
        return ["qemu-system-x86_64", "-machine", self.machine, "-accel", accelerator,
                "-cpu", "host" if self.kvm and self.cpu == "max" else self.cpu,
                "-smp", str(self.harts), "-m", self.memory, "-nic", "none", "-no-reboot",
                *(EXIT_DEVICE if self.exit_device else ()),
                "-cdrom", str(iso), "-boot", "d", *(firmware if self.firmware else []), *self.extra]


@dataclasses.dataclass
class Result:
    """How a run ended."""

    status: int
    output: bytes  # what the first serial port printed
    log: bytes  # what the second printed
    reason: str = ""  # why status is 124 or 125
    state: str = ""  # the registers of all harts and the screen, after a time-out
    command: str = ""  # what was run

    @property
    def text(self):
        return self.output.decode(errors="replace")

    def report(self):
        """The reason, the end of the log and the state, for stderr."""
        lines = self.log.decode(errors="replace").splitlines()
        parts = [f"baton: {self.reason}" if self.reason else f"baton: status {self.status}"]
        parts += [f"last lines of the log ({min(len(lines), LOG_TAIL_LINES)} of {len(lines)}):"]
        parts += ["    " + line for line in lines[-LOG_TAIL_LINES:]]
        if self.state:
            parts += ["state of all harts:", self.state]
        return "\n".join(parts)


def make_image(build, iso, *arguments):
    """Makes an ISO from a build folder's manifest; arguments are those of scripts/image."""
    command = [sys.executable, str(SCRIPTS / "image"), "--manifest", str(Path(build) / "manifest"),
               "--output", str(iso), *arguments]
    done = subprocess.run(command, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"scripts/image failed with {done.returncode}")


# --- asking a running QEMU -------------------------------------------------------------------

class Monitor:
    """QEMU's control socket (QMP)."""

    def __init__(self, path, timeout_s=10):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout_s)
        self.socket.connect(str(path))
        self.stream = self.socket.makefile("rw", encoding="utf-8")
        self.stream.readline()  # the greeting
        self.execute("qmp_capabilities")

    def execute(self, name, **arguments):
        request = {"execute": name}
        if arguments:
            request["arguments"] = arguments
        self.stream.write(json.dumps(request) + "\n")
        self.stream.flush()
        while True:
            answer = json.loads(self.stream.readline())
            if "return" in answer or "error" in answer:
                return answer.get("return")

    def ask(self, line):
        """The answer to a line of the human monitor."""
        return self.execute("human-monitor-command", **{"command-line": line}) or ""


def text_screen(monitor):
    """What stands on the VGA text screen: GRUB's complaints, or a crash report."""
    dump = monitor.ask("xp /4000xb 0xb8000")
    cells = [int(value, 16) for line in dump.splitlines()
             for value in line.partition(":")[2].split()]
    characters = [chr(c) if 32 <= c < 127 else " " for c in cells[::2]]
    lines = ["".join(characters[at:at + 80]).rstrip() for at in range(0, len(characters), 80)]
    return "\n".join("    | " + line for line in lines if line)


def state_of_harts(control):
    """The registers of every hart and the text screen, or why they cannot be had."""
    try:
        monitor = Monitor(control)
        registers = monitor.ask("info registers -a").replace("\r", "")
        # Vector registers are most of the listing and never the reason.
        lines = [line for line in registers.splitlines() if not re.match(r"\s*[XYZ]MM|K?FPR|Opm", line)]
        return "\n".join(lines) + "\nscreen:\n" + text_screen(monitor)
    except (OSError, ValueError) as error:
        return f"(the monitor does not answer: {error})"


# --- running ---------------------------------------------------------------------------------

def ending(returncode, log, in_order=ENDED_IN_ORDER):
    """(status, reason) of a QEMU that ended by itself."""
    record = RECORD.search(log)
    if returncode == SYSTEM_CRASHED:
        return STATUS_SYSTEM_CRASHED, "the system crashed"
    if returncode != in_order:
        return STATUS_SYSTEM_CRASHED, f"the machine stopped unasked (QEMU ended with {returncode})"
    if not record or int(record[1]) > 255:
        return STATUS_SYSTEM_CRASHED, "the system ended without a status"
    if int(record[1]) == STATUS_SYSTEM_CRASHED:
        return STATUS_SYSTEM_CRASHED, "the system could not go on, and says why in its log"
    return int(record[1]), ""


def die_with_parent():
    """Makes the kernel end this process with its parent, so that no QEMU outlives a killed test."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, prctl(2)


def forward(stream, chunks, sink):
    """Collects what QEMU prints, and passes it on at once."""
    while chunk := os.read(stream.fileno(), 65536):
        chunks.append(chunk)
        if sink:
            sink.write(chunk)
            sink.flush()


def run(iso, machine, timeout_s, sink=None, inputs=None):
    """Boots an ISO without a window until it ends or time is up.

    sink    a binary stream that gets the first serial port's output as it comes
    inputs  bytes for the first serial port
    """
    with tempfile.TemporaryDirectory(prefix="baton-run.") as folder:
        control = Path(folder) / "control"
        log = Path(folder) / "log"
        errors = Path(folder) / "errors"
        command = machine.command(iso) + [
            "-display", "none", "-serial", "stdio", "-serial", f"file:{log}",
            "-monitor", "none", "-qmp", f"unix:{control},server=on,wait=off"]
        with open(errors, "wb") as error_file, subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=error_file, preexec_fn=die_with_parent,
                stdin=subprocess.PIPE if inputs else subprocess.DEVNULL) as qemu:
            chunks = []
            reader = threading.Thread(target=forward, args=(qemu.stdout, chunks, sink))
            reader.start()
            if inputs:
                qemu.stdin.write(inputs)
                qemu.stdin.flush()
            state = ""
            try:
                qemu.wait(timeout_s)
            except subprocess.TimeoutExpired:
                state = state_of_harts(control)
            finally:
                if qemu.poll() is None:
                    qemu.kill()
                    qemu.wait()
                reader.join()
        log_bytes = log.read_bytes() if log.exists() else b""
        if state:
            status, reason = STATUS_TIMED_OUT, f"timed out after {timeout_s:g} s"
        else:
            status, reason = ending(qemu.returncode, log_bytes,
                                    ENDED_IN_ORDER if machine.exit_device else POWERED_OFF)
            complaint = errors.read_text(errors="replace").strip()
            if reason and complaint:
                reason += f"\n{complaint}"
        return Result(status, b"".join(chunks), log_bytes, reason, state, shlex.join(command))


def run_terminal(iso, machine, log):
    """Boots an ISO with this terminal as its first serial port; Ctrl-A X leaves. The status."""
    command = machine.command(iso) + ["-display", "none", "-serial", "mon:stdio",
                                      "-serial", f"file:{log}"]
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    qemu = subprocess.run(command, preexec_fn=die_with_parent, check=False)
    if qemu.returncode == 0:
        return 0  # left with Ctrl-A X
    log_bytes = log.read_bytes() if log.exists() else b""
    status, reason = ending(qemu.returncode, log_bytes)
    if reason:
        print(Result(status, b"", log_bytes, reason).report(), file=sys.stderr)
    return status


# --- building --------------------------------------------------------------------------------

QUIET = re.compile(r"ninja: (Entering directory|no work to do)|\[0/\d+\] Re-checking globbed")


def build(folder, *targets):
    """Configures a build folder if need be, and builds; says something only if there is work."""
    folder = Path(folder)
    source = SCRIPTS.parent
    if not (folder / "build.ninja").exists():
        command = ["cmake", "-S", str(source), "-B", str(folder),
                   "--toolchain", str(source / "toolchain-x86_64-elf.cmake")]
        if subprocess.run(command, stdout=sys.stderr, check=False).returncode != 0:
            raise RuntimeError("configuring failed")
    with subprocess.Popen(["cmake", "--build", str(folder), "--target", *(targets or ["all"])],
                          stdout=subprocess.PIPE, text=True, errors="replace") as process:
        for line in process.stdout:
            if not QUIET.match(line):
                sys.stderr.write(line)
    if process.returncode != 0:
        raise RuntimeError("the build failed")
