"""The machine that is measured on, and the host's tools."""

import re
import shutil
from pathlib import Path

# One tick of the time-stamp counter is one instruction; an idle machine jumps its clock ahead.
COUNTING = ("-icount", "shift=0,sleep=off")

# Without ERMS, with which "rep movsb" is counted once per byte; without 57-bit addresses.
PROCESSOR = "max,-la57,-erms,-fsrm"

CLANG_VERSIONS = range(40, 18, -1)


class ToolError(Exception):
    """A tool of the host is missing; says which."""


def host_compiler():
    """The newest clang from 19 on, as toolchain-x86_64-elf.cmake finds it."""
    for version in CLANG_VERSIONS:
        if path := shutil.which(f"clang-{version}"):
            return path
    if path := shutil.which("clang"):
        return path
    raise ToolError("clang is missing")


def code_lines(path):
    """Lines of a C or assembly file that hold more than comments."""
    text = Path(path).read_text(encoding="utf-8")
    # Strings are kept, so that comment marks inside them are none.
    token = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/', re.DOTALL)

    def without_comment(match):
        text = match[0]
        return "\n" * text.count("\n") if text.startswith(("//", "/*")) else text

    return sum(1 for line in token.sub(without_comment, text).splitlines() if line.strip())
