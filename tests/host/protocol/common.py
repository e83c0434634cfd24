"""What the tests of scripts/protocol share."""

import re
import shutil
import subprocess
import sys
from os import environ
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[2]
SCRIPT = TOP / "scripts" / "protocol"
PROTOCOLS = TOP / "include" / "protocols"
SAMPLE = HERE / "sample.protocol"
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOP / "scripts"))

from protocol_lib import load  # noqa: E402
from protocol_lib.lexer import Errors  # noqa: E402

HEAD = "# A protocol.\nprotocol p = 9, version 1\n\n"
METHOD = "# A method.\nmethod 1 m()\n"


def compiler():
    cache = Path(environ.get("BATON_BUILD", TOP / "build")) / "CMakeCache.txt"
    if cache.is_file():
        found = re.search(r"^CMAKE_C_COMPILER:\w+=(.+)$", cache.read_text(), re.M)
        if found:
            return found[1]
    names = [f"clang-{number}" for number in range(40, 18, -1)]
    return next(filter(None, map(shutil.which, names)), "clang")


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def read(text, path="p.protocol"):
    """The protocol that a text declares, and what is wrong with it as (line, column, message)."""
    errors = Errors()
    protocol = load.load_text(path, text, errors)
    found = [line.split(":", 3)[1:] for line in errors.lines()]
    return protocol, [(int(line), int(column), message.strip()) for line, column, message in found]
