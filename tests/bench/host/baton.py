"""Runs the benchmark's programs on Baton, and what is measured from outside."""

import functools
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import lines
import tools

SOURCE = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(SOURCE / "scripts"))

import machine  # noqa: E402  (the path above finds it)

TIMEOUT_S = 300
MEMORY = "128M"
LARGE = {"parcels", "curve"}  # programs that need more memory than others
LARGE_MEMORY, LARGE_LIMIT_MIB = "4G", 2600
DATA_SIZE = 128 * 1024  # of the file that storage reads
PLUGIN_VERSIONS = (1, 2, 3, 4, 5)
COUNTED = re.compile(r"atomics (\d+) cr3 (\d+) invlpg (\d+)(?: bytes (\d+))?")
COUNTERS = ("atomics", "space_loads", "page_flushes", "bytes")
CROSS_CHECKED = ("page_flushes",)  # the kernel counts these too; loads not on its fast path
# After a fork the program's own writes, before it reads the counters, break paths and flush.
NOT_CROSS_CHECKED = {"fork_1g", "fork_1g_windows"}
COUNTER_NOISE = 0.1  # for one operation: timer interrupts in some samples

# What init says; else what the loader says just before init runs, to the microsecond.
INIT_MAIN = re.compile(r"init: main at (\d+) ticks after boot")
INIT_STARTED = re.compile(r"\[ *(\d+)\.(\d{6}) h\d+\] loader: /sbin/init is process")
TICKS_PER_MICROSECOND = 1000  # with -icount shift=0

PROMPT = b"$ "
PROMPT_TIMEOUT_S = 30
FLOOR_MIB, CEILING_MIB = 4, 128


class BatonError(Exception):
    """A benchmark did not run to its end; says why."""


# --- the plug-in that counts what the kernel does not ---------------------------------------------

def plugin_loads(plugin, folder):
    command = ["qemu-system-x86_64", "-machine", "none", "-display", "none", "-monitor", "stdio",
               "-plugin", f"{plugin},out={folder}/probe"]
    done = subprocess.run(command, input=b"quit\n", capture_output=True, check=False)
    return done.returncode == 0 and (Path(folder) / "probe").exists()


def plugin_build(folder):
    """The plug-in for the QEMU that is installed, or None."""
    source = SOURCE / "tests/bench/plugin/count.c"
    for version in PLUGIN_VERSIONS:
        plugin = Path(folder) / f"count-{version}.so"
        command = [tools.host_compiler(), "-O2", "-shared", "-fPIC", "-fvisibility=hidden",
                   f"-DPLUGIN_VERSION={version}", "-o", str(plugin), str(source)]
        if subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode != 0:
            return None
        if plugin_loads(plugin, folder):
            return plugin
    return None


def add_counts(figures, order, text):
    """Adds what QEMU counted, which takes the place of what the kernel did; gives complaints."""
    sums = [[int(count) for count in found if count] for found in COUNTED.findall(text)]
    if len(sums) != len(order):
        return [f"{len(sums)} rows were counted by QEMU, {len(order)} printed"]
    differing = []
    for name, counts in zip(order, sums):
        figure = figures[name]
        seen = dict(zip(COUNTERS, (count / figure.samples for count in counts)))
        differing += [f"{name}: {figure.counters[counter]:g} {counter}, QEMU {seen[counter]:g}"
                      for counter in CROSS_CHECKED
                      if name not in NOT_CROSS_CHECKED and
                      abs(figure.counters[counter] - seen[counter]) > COUNTER_NOISE]
        figure.counters |= seen
    if differing:
        print(f"bench: the kernel's own counters are wrong in {len(differing)} rows, such as "
              f"{differing[-1]}", file=sys.stderr)
    return []


# --- programs -------------------------------------------------------------------------------------

def computer(plugin=(), memory=MEMORY):
    return machine.Machine(cpu=tools.PROCESSOR, memory=memory, extra=(*tools.COUNTING, *plugin))


def boot_figures(figures, log):
    """Replaces what the kernel has noted by what is reported; only where /bench/boot ran."""
    figures.pop("kernel_entry", None)
    if "calibration" not in figures:
        return
    calibration = figures["calibration"].median
    if found := INIT_MAIN.search(log):
        ticks = int(found[1])
    elif found := INIT_STARTED.search(log):
        ticks = (int(found[1]) * 1_000_000 + int(found[2])) * TICKS_PER_MICROSECOND
    else:
        return
    figures["to_init"] = lines.Figure(ticks - calibration, ticks - calibration)


def run(build, programs, append="", count_bytes=False):
    """({row: lines.Figure}, [what is wrong, ...]) of /bench/NAME for each name.

    Counting the bytes that are loaded and stored makes the run slow."""
    with tempfile.TemporaryDirectory(prefix="baton-bench.") as folder:
        iso, counts = Path(folder) / "bench.iso", Path(folder) / "counts"
        large = bool(LARGE & set(programs))
        line = "; ".join(f"/bench/{name}" for name in programs)
        if large:
            line = f"limit {LARGE_LIMIT_MIB}; {line}"
        data = Path(folder) / "data"
        data.write_bytes(bytes(range(256)) * (DATA_SIZE // 256))
        arguments = ["--tests", f"--line={line}", "--add", f"{data}:/alone/data"]
        arguments += [f"--append={append}"] if append else []
        machine.make_image(build, iso, *arguments)
        plugin = plugin_build(folder)
        bytes_on = ",bytes=on" if count_bytes else ""
        words = ("-plugin", f"{plugin},out={counts}{bytes_on}") if plugin else ()
        result = machine.run(iso, computer(words, LARGE_MEMORY if large else MEMORY), TIMEOUT_S)
        figures, errors = lines.parse(result.text)
        log = result.log.decode(errors="replace")
        if result.status != 0:
            errors.append(f"status {result.status}: {result.report()}")
        if plugin is None:
            print("bench: this QEMU takes no plug-ins: nothing counts atomic operations",
                  file=sys.stderr)
        elif counts.exists():
            order = [name for name in lines.names(result.text) if not is_single(figures[name])]
            errors += add_counts(figures, order, counts.read_text(encoding="ascii"))
    for name in lines.SELF_CHECKS:
        figures.pop(name, None)
    boot_figures(figures, log)
    return figures, errors


def is_single(figure):
    return figure.samples == 1


# --- the smallest memory --------------------------------------------------------------------------

def reaches_prompt(iso, mebibytes):
    """Whether the system's prompt appears with so much memory, under BIOS."""
    command = machine.Machine(memory=f"{mebibytes}M").command(iso) + [
        "-display", "none", "-monitor", "none", "-serial", "stdio"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as qemu:
        timer = threading.Timer(PROMPT_TIMEOUT_S, qemu.kill)
        timer.start()
        seen = b""
        try:
            while PROMPT not in seen and (byte := qemu.stdout.read(1)):
                seen += byte
        finally:
            timer.cancel()
            qemu.kill()
    return PROMPT in seen


@functools.cache
def smallest_memory(iso):
    """MiB, by bisection."""
    low, high = FLOOR_MIB - 1, CEILING_MIB  # fails, works
    if not reaches_prompt(iso, high):
        raise BatonError(f"no prompt with {high} MiB")
    while high - low > 1:
        middle = (low + high) // 2
        if reaches_prompt(iso, middle):
            high = middle
        else:
            low = middle
    return high


# --- the source -----------------------------------------------------------------------------------

def kernel_lines():
    """(lines of code without debug/, those of debug/)"""
    kernel = SOURCE / "kernel"
    counts = {False: 0, True: 0}
    for path in kernel.rglob("*.[chS]"):
        counts[kernel / "debug" in path.parents] += tools.code_lines(path)
    return counts[False], counts[True]
