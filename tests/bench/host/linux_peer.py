"""Measures Linux live, in the QEMU settings in which Baton is measured.

The kernel is Debian's linux-image-cloud-amd64: fetched with apt-get download, unpacked with dpkg -x
into the cache folder outside build/, never installed. /init is tests/bench/linux/, linked
statically, in an initial RAM disk that is written here.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import lines
import tools

SOURCE = Path(__file__).resolve().parents[1] / "linux"
PACKAGE = "linux-image-cloud-amd64"
OPTIONS = ("console=ttyS0 panic=-1 nokaslr quiet tsc=reliable mitigations=off init_on_alloc=0 "
           "randomize_kstack_offset=off hardened_usercopy=off lsm= audit=0 noautogroup psi=0")
MEMORY = "512M"
TIMEOUT_S = 600


class PeerError(Exception):
    """Linux cannot be measured here; says why."""


# --- the kernel --------------------------------------------------------------------------------

def call(command, folder=None):
    try:
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)
    except OSError as error:
        raise PeerError(f"{command[0]} cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        raise PeerError(f"{command[0]} failed: {done.stderr.strip()}")
    return done.stdout


def kernel_package():
    """The package that holds the kernel: the name with a version that the plain name stands for."""
    depends = call(["apt-cache", "depends", PACKAGE])
    names = re.findall(r"Depends: (linux-image-[\w.+-]+-cloud-amd64)", depends)
    if not names:
        raise PeerError(f"apt knows no {PACKAGE}")
    return names[0]


def kernel():
    """The path of a bzImage, fetched unless it is in the cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "baton/linux"
    found = sorted(cache.glob("*/boot/vmlinuz-*"))
    if found:
        return found[-1]
    package = kernel_package()
    folder = cache / package
    print(f"bench: fetching {package}", file=sys.stderr)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        call(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package], scratch)
        archive = next(Path(scratch).glob("*.deb"))
        unpacked = Path(scratch) / "unpacked"
        call(["dpkg", "-x", str(archive), str(unpacked)])
        unpacked.rename(folder)
    return sorted(folder.glob("boot/vmlinuz-*"))[0]


# --- the initial RAM disk ----------------------------------------------------------------------

def compile_programs(folder):
    """Builds /init and what it runs; gives {path in the image: bytes}."""
    compiler = [tools.host_compiler(), "-O2", "-static"]
    sources = [str(path) for path in sorted(SOURCE.glob("*.c")) if path.name != "nothing.c"]
    call([*compiler, "-o", f"{folder}/init", *sources])
    call([*compiler, "-o", f"{folder}/nothing", str(SOURCE / "nothing.c")])
    call([*compiler, "-nostdlib", "-o", f"{folder}/smallest", str(SOURCE / "smallest.S")])
    return {name: (Path(folder) / name).read_bytes() for name in ("init", "nothing", "smallest")}


def archive_entry(number, name, mode, data=b"", device=(0, 0)):
    """One file of a cpio archive in the format newc (Linux, buffer-format.rst)."""
    name = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    return pad(header) + pad(data)


def pad(data):
    return data + bytes(-len(data) % 4)


def archive(programs):
    entries = [("dev", 0o040755, b"", (0, 0)), ("dev/console", 0o020600, b"", (5, 1)),
               ("folder", 0o040755, b"", (0, 0)), ("folder/file", 0o100644, bytes(65536), (0, 0))]
    entries += [(name, 0o100755, data, (0, 0)) for name, data in programs.items()]
    entries += [("TRAILER!!!", 0, b"", (0, 0))]
    return b"".join(archive_entry(number, *entry) for number, entry in enumerate(entries, 1))


# --- the run -----------------------------------------------------------------------------------

def run():
    """(release, {row: lines.Figure})"""
    image = kernel()
    with tempfile.TemporaryDirectory(prefix="baton-bench.") as folder:
        disk = Path(folder) / "initrd"
        disk.write_bytes(archive(compile_programs(folder)))
        command = ["qemu-system-x86_64", "-accel", "tcg", *tools.COUNTING, "-cpu", tools.PROCESSOR,
                   "-smp", "1", "-m", MEMORY, "-nic", "none", "-no-reboot", "-display", "none",
                   "-monitor", "none", "-serial", "stdio", "-kernel", str(image),
                   "-initrd", str(disk), "-append", OPTIONS]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired as late:
            raise PeerError(f"Linux did not end in {TIMEOUT_S} s") from late
    text = done.stdout.decode(errors="replace")
    figures, errors = lines.parse(text)
    if errors or "bench-end" not in text:
        raise PeerError("Linux: " + ("; ".join(errors) or f"ended early:\n{text[-2000:]}"))
    release = re.search(r"^linux (\S+)", text, re.MULTILINE)
    return release[1] if release else "?", figures
