"""tests/model/*.pml: every reachable state is sound, and each fault put in is found."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
MODELS = SOURCE / "tests/model"
MEMORY_MIB = 1500
DEPTH = 200_000

DIES = {"client 1": 1 << 1, "client 2": 1 << 2, "server 3": 1 << 3, "server 4": 1 << 4}
ANY = sum(DIES.values())

# Of call.pml unless they are named after another model: what each may do; tests/model/README.md
# says what it is for.
CONFIGURATIONS = {
    "death": f"VICTIMS={ANY} LOANS REFUSE STALE",
    "chain": f"VICTIMS={ANY} LOANS CHAIN=8 PORTS_2=2",
    "circle": "LOANS CHAIN=24 PORTS_2=2",
    "circle-death": f"VICTIMS={DIES['server 3']} CHAIN=24 PORTS_2=2",
    "deadline": "STALE DEADLINES RECEIVES=8 REFUSE CALLS_1=2",
    "endless": "DEADLINES HANG=8 REFUSE",
    "endless-death": f"VICTIMS={ANY - DIES['client 2']} DEADLINES HANG=8 LOANS CALLS_1=2 CALLS_2=0",
    "chain-deadline": f"VICTIMS={ANY - DIES['client 2']} DEADLINES LOANS CHAIN=8 CALLS_2=0",
    "deferred": "DEADLINES DEFER CHAIN=8 CALLS_2=0",
    "deferred-death": f"VICTIMS={DIES['client 1']} DEADLINES DEFER CHAIN=8 CALLS_2=0",
    "kept": f"VICTIMS={DIES['server 3']} DEADLINES LOANS KEEP=8 FORGET=8 CALLS_1=2 CALLS_2=0",
    "cycle": "",
    "cycle-deadline": "DEADLINES",
    "revoke": "",
}

# Here spin also looks for runs that do not end: twice the states.
ENDS = ("chain", "endless", "deferred")

# Of so many states that compiling with optimisation, which takes 6 s, is worth it.
LARGE = ("chain", "chain-deadline")

# Each fault, and a configuration in which it shows.
FAULTS = {
    1: ("a reply without a claim", "deadline"),
    2: ("a wait that ends takes a call which is held for one that is over", "endless"),
    3: ("the generation does not advance", "kept"),
    4: ("a loan stays with a server that died", "death"),
    5: ("a late time-out ends a later wait", "deadline"),
    6: ("a hand without a reference to its caller", "endless-death"),
    7: ("the port is unlocked between looking and waiting", "deadline"),
    8: ("a claim does not wait for one that is given back", "deferred"),
    9: ("a loan is sent home while it is lent on", "chain-deadline"),
    10: ("a thread between queue and hand is missed", "endless"),
    11: ("a server that refuses is off its port meanwhile", "deadline"),
    12: ("a timer is armed when its call may have ended", "endless-death"),
    13: ("a thread that waits as its process ends is forgotten", "death"),
    14: ("a call that closes a cycle queues", "circle"),
    15: ("a cycle is looked for along calls that are taken only", "circle"),
}
OTHER_FAULTS = {
    ("cycle", 1): "a cycle is looked for before the call queues",
    ("cycle", 2): "one walk is enough",
    ("cycle", 3): "what the two walks met is not compared",
    ("cycle", 4): "a call that is held for a moment is taken for answered",
    ("revoke", 1): "who makes a handle does not ask the port",
    ("revoke", 2): "a handle is doubled with rights read before",
    ("revoke", 3): "the port does not say what is revoked",
}


def compiler():
    cache = Path(os.environ.get("BATON_BUILD", SOURCE / "build")) / "CMakeCache.txt"
    if cache.is_file():
        found = re.search(r"^CMAKE_C_COMPILER:\w+=(.+)$", cache.read_text(encoding="utf-8"), re.M)
        if found:
            return found[1]
    names = [f"clang-{number}" for number in range(40, 18, -1)]
    return next(filter(None, map(shutil.which, names)), "clang")


def model_of(configuration):
    path = MODELS / f"{configuration.partition('-')[0]}.pml"
    return path if path.is_file() else MODELS / "call.pml"


def verify(configuration, fault=0):
    """The verifier's report on one configuration: all that it printed."""
    ends = fault == 0 and configuration in ENDS
    defines = [f"-D{word}" for word in f"FAULT={fault} {CONFIGURATIONS[configuration]}".split()]
    model = model_of(configuration)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(model, folder)
        steps = (
            ["spin", f"-P{compiler()} -E -x c", "-a", *defines, model.name],
            [compiler(), "-w", "-O1" if configuration in LARGE and fault == 0 else "-O0",
             "-DNP" if ends else "-DSAFETY", "-DCOLLAPSE", "-DVECTORSZ=2048",
             f"-DMEMLIM={MEMORY_MIB}", "-o", "pan", "pan.c"],
            ["./pan", "-E", f"-m{DEPTH}", *(["-l"] if ends else [])],
        )
        text = ""
        for step in steps:
            done = subprocess.run(step, cwd=folder, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)
            text += done.stdout
            if done.returncode != 0:
                text += f"\n{step[0]}: status {done.returncode}\n"
        return text


def states(report):
    found = re.search(r"(\d+) states, stored", report)
    return int(found[1]) if found else 0


class Model(unittest.TestCase):
    """spin visits every state of a configuration: no assertion fails, and every run ends."""

    def check_sound(self, name, report):
        print(f"{name}: {states(report):,} states")
        signs = ["errors: 0", "Full statespace search"]
        signs += ["non-progress cycles \t+"] if name in ENDS else []
        for sign in signs:
            self.assertIn(sign, report, f"{name}:\n{report}")
        # Nothing was left out for want of room, and the end of all runs was reached and checked.
        for sign in ("max search depth too small", "Search not completed", "out of memory"):
            self.assertNotIn(sign, report, f"{name}:\n{report}")
        self.assertRegex(report, r"unreached in proctype finish\n(\t.*\n)*\t\(0 of ")
        self.assertGreater(states(report), 300)

    def test_configurations(self):
        with ThreadPoolExecutor(2) as pool:
            for name, report in zip(CONFIGURATIONS, pool.map(verify, CONFIGURATIONS)):
                with self.subTest(configuration=name):
                    self.check_sound(name, report)

    def test_faults_are_found(self):
        faults = {(configuration, number): f"{number}: {text}"
                  for number, (text, configuration) in FAULTS.items()} | OTHER_FAULTS
        with ThreadPoolExecutor(2) as pool:
            for row, report in zip(faults, pool.map(lambda row: verify(*row), faults)):
                with self.subTest(fault=f"{row[0]}: {faults[row]}"):
                    self.assertIn("assertion violated", report)
                    self.assertIn("errors: 1", report)

    def test_every_fault_is_tried(self):
        tried = {(model_of(name), number) for number, (_, name) in FAULTS.items()}
        tried |= {(model_of(name), number) for name, number in OTHER_FAULTS}
        there = {(path, int(number)) for path in MODELS.glob("*.pml") for number in
                 re.findall(r"FAULT [!=]= (\d+)", path.read_text(encoding="utf-8"))}
        self.assertEqual(there, tried)


if __name__ == "__main__":
    unittest.main()
