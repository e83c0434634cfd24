"""The rows of the table: names, budgets, what others need, and the best so far.

rows.json     the rows, in the order of the table; each an object with
                  group, row     where it stands, and its key there
                  of             what the program calls it, if not the same
                  name           what it is, in words
                  unit           "instructions" unless said otherwise
                  budget         the most that it may be; absent: none yet
                  later          the budget that a later issue sets; shown, not judged
                  minus          another row of the group that is subtracted: "extra over ..."
                  spread         rows of the programs: the highest median above the lowest
                  peers          its row in peers.json; linux: rows of the live Linux
                  ratchet        false: judged by its budget alone, never by the best so far
                  slack_percent  how far a figure that is not the same in each run may be above it
peers.json    quoted figures of others, with source and date
reached.json  the best so far, with the compiler that reached it
"""

import dataclasses
import json
from pathlib import Path

import lines

FOLDER = Path(__file__).resolve().parents[1]
REACHED = FOLDER / "reached.json"
GROUPS = ("boot", "memory", "parcels", "messages", "harts", "trace", "storage")


@dataclasses.dataclass
class Row:
    group: str
    row: str
    name: str
    unit: str = "instructions"
    budget: int = None
    later: int = None
    of: str = ""
    minus: str = ""
    spread: tuple = ()
    peers: str = ""
    linux: tuple = ()
    ratchet: bool = True
    slack_percent: float = 0
    figure: lines.Figure = None  # what was measured

    @property
    def key(self):
        return f"{self.group}/{self.row}"

    @property
    def over_budget(self):
        return self.figure and self.budget is not None and self.figure.median > self.budget

    def over_reached(self, reached):
        """Whether it is above the best so far."""
        best = reached.get(self.key)
        return (self.figure and self.ratchet and best is not None and
                self.figure.median > best * (1 + self.slack_percent / 100))


def load():
    objects = json.loads((FOLDER / "rows.json").read_text(encoding="utf-8"))
    return [Row(**fields) for fields in objects]


def fill(rows, figures):
    """Gives each row its figure, in the group's own terms; names those that have none."""
    for row in rows:
        row.figure = figure_of(row, figures)
    return [row.key for row in rows if row.figure is None]


def figure_of(row, figures):
    """None if something that it is made of was not measured."""
    if row.spread:
        parts = [figures.get(name) for name in row.spread]
        return spread(parts) if all(parts) else None
    figure, base = figures.get(row.of or row.row), figures.get(row.minus)
    if figure and row.minus:
        return extra(figure, base) if base else None
    return figure


def spread(figures):
    """How far what should be equal is apart."""
    medians, minima = ([figure.median for figure in figures],
                       [figure.minimum for figure in figures])
    return lines.Figure(max(medians) - min(medians), max(minima) - min(minima))


def extra(figure, base):
    """What one operation costs beyond another."""
    counters = {name: value - base.counters.get(name, 0)
                for name, value in figure.counters.items()}
    return lines.Figure(figure.median - base.median, figure.minimum - base.minimum,
                        figure.samples, counters)


# --- the best so far ------------------------------------------------------------------------------

def reached_load(path=REACHED):
    """(compiler, {key: median})"""
    if not path.exists():
        return "", {}
    content = json.loads(path.read_text(encoding="utf-8"))
    return content["compiler"], content["figures"]


def reached_lower(rows, compiler, path=REACHED):
    """Writes figures that are lower than the best so far, or new; gives their keys."""
    known_compiler, reached = reached_load(path)
    if known_compiler not in ("", compiler):
        raise ValueError(f"the figures so far are {known_compiler}'s, not {compiler}'s")
    better = [row for row in rows if row.figure and row.ratchet and
              row.figure.median < reached.get(row.key, float("inf"))]
    reached |= {row.key: row.figure.median for row in better}
    content = {"compiler": compiler, "figures": dict(sorted(reached.items()))}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return [row.key for row in better]
