"""Names and numbers that protocols share with the ABI, read from its headers."""

import re
from pathlib import Path

ABI = Path(__file__).resolve().parents[2] / "include" / "abi"

# Which of the ABI's rights mean something for which object.
RIGHTS_OF_ALL = ["duplicate", "transfer"]
RIGHTS = {
    "port": ["call", "receive"],
    "reply": ["reply"],
    "notification": ["signal", "bind"],
    "process": ["control", "end", "watch", "fund", "query"],
    "thread": ["control"],
    "call": [],
    "system": ["query", "manage"],
    "module": ["open", "derive"],
    "io": ["open", "derive"],
    "irq": ["open", "derive"],
}
PARCEL_MODES = {"give": 1, "lend": 2, "clone": 3}
PARCEL_ENTRIES = 256


def read_statuses():
    """{"not_found": 67, ...}: the errors of include/abi/status.h."""
    text = (ABI / "status.h").read_text()
    rows = re.findall(r"X\(ERR_(\w+), (\d+),", text)
    return {name.lower(): int(number) for name, number in rows}


def read_rights():
    """{"object": {"port": 1, ...}, "right": {"call": 4, ...}} from include/abi/rights.h."""
    text = (ABI / "rights.h").read_text()
    objects = re.findall(r"OBJECT_(\w+) = (\d+)", text)
    rights = re.findall(r"RIGHT_(\w+) = 1 << (\d+);", text)
    return {
        "object": {name.lower(): int(number) for name, number in objects},
        "right": {name.lower(): 1 << int(bit) for name, bit in rights},
    }


STATUSES = read_statuses()
OBJECTS = read_rights()["object"]
RIGHT_BITS = read_rights()["right"]


def rights_of(object_name):
    return RIGHTS_OF_ALL + RIGHTS[object_name]


def rights_mask(names):
    mask = 0
    for name in names:
        mask |= RIGHT_BITS[name]
    return mask
