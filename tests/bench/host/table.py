"""The table on the terminal."""

import json

import rows as rows_module

NAME_WIDTH = 54
COUNTERS = (("space_loads", "loads"), ("page_flushes", "flushes"), ("ipis", "IPIs"),
            ("atomics", "atomics"))
HEAD = ("median", "minimum", "budget", *(title for _, title in COUNTERS))
WIDTHS = (12, 12, 14, 8, 9, 6, 9)


def number(value):
    return "-" if value is None else f"{value:,}"


def ratio(value):
    """A count for each operation, to a tenth: less than that are timer interrupts."""
    if value is None:
        return "-"
    return f"{value:.1f}".removesuffix(".0")


def counter(figure, name):
    if figure.counters and name == "ipis":
        return figure.counters["flush_ipis"] + figure.counters["wake_ipis"]
    return figure.counters.get(name)


def budget(row):
    if row.budget is not None:
        return number(row.budget)
    return f"later {row.later:,}" if row.later is not None else "-"


def columns(cells):
    return "".join(cell.rjust(width) for cell, width in zip(cells, WIDTHS))


def row_line(row, others):
    name = row.name if row.unit == "instructions" else f"{row.name} ({row.unit})"
    if row.figure is None:
        return f"  {name.ljust(NAME_WIDTH)}{'not measured'.rjust(WIDTHS[0])}"
    cells = [number(row.figure.median), number(row.figure.minimum), budget(row)]
    cells += [ratio(counter(row.figure, name)) for name, _ in COUNTERS]
    mark = " !" if row.over_budget else "  "
    return f"{mark}{name.ljust(NAME_WIDTH)}{columns(cells)}   {others}".rstrip()


# --- others ---------------------------------------------------------------------------------------

class Peers:
    """What others need: quoted, and Linux live if it was measured."""

    def __init__(self, linux=None):
        text = (rows_module.FOLDER / "peers.json").read_text(encoding="utf-8")
        self.quoted = json.loads(text)
        self.linux = linux or {}

    def linux_name(self, name):
        return self.quoted["linux_names"].get(name, name)

    def of(self, row):
        """All on one line."""
        quoted = self.quoted["rows"].get(row.peers, {})
        parts = [f"{system} {quoted_text(value)}" for system, value in quoted.items()]
        parts += [f"Linux here {self.linux[name].median:,} ({self.linux_name(name)})"
                  for name in row.linux if name in self.linux]
        return ", ".join(parts)


def quoted_text(value):
    if isinstance(value, list):
        return f"{value[0]:,} ({value[1]})"
    return f"{value:,}"


# --- all of it ------------------------------------------------------------------------------------

def show(rows, peers):
    for group in rows_module.GROUPS:
        members = [row for row in rows if row.group == group]
        if not members:
            continue
        print(f"\n{group.ljust(NAME_WIDTH + 2)}{columns(HEAD)}   others")
        for row in members:
            print(row_line(row, peers.of(row)))
    print(f"\nOthers: {peers.quoted['source']}, {peers.quoted['date']}.")


def show_linux(release, peers):
    title = f"Linux {release}, measured here"
    print(f"\n{title.ljust(NAME_WIDTH + 2)}{HEAD[0]:>14}{HEAD[1]:>14}")
    for name, figure in peers.linux.items():
        print(f"  {peers.linux_name(name).ljust(NAME_WIDTH)}{number(figure.median):>14}"
              f"{number(figure.minimum):>14}")
