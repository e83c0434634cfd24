"""The curve of moving against copying (tests/bench/curve.c): crossovers, table, picture."""

import dataclasses
import math

SERIES = (  # what, in words, colour
    ("copy_read", "copied in and out, and read", "#c0392b"),
    ("copy", "copied in and out", "#e59866"),
    ("renewed_read", "given and read; memory freed, made anew", "#7d3c98"),
    ("give_read", "given and read", "#1f618d"),
    ("lend_read", "lent read-only and read", "#148f77"),
    ("lend", "lent read-only", "#7dcea0"),
    ("give", "given", "#7fb3d5"),
)
COMPARED = (("give", "copy"), ("lend_read", "copy_read"), ("give_read", "copy_read"),
            ("renewed_read", "copy_read"))
LABELS = {what: label for what, label, _ in SERIES}

WIDTH, HEIGHT = 1000, 640
LEFT, RIGHT, TOP, BOTTOM = 90, 40, 50, 70


class CurveError(Exception):
    """The program did not print what the curve needs; says what is missing."""


@dataclasses.dataclass
class Point:
    """Instructions of one size by each way, the call included; bytes that were touched."""

    size: int
    cost: dict
    touched: dict


# --- from figures to points -----------------------------------------------------------------------

def need(figures, name):
    if name not in figures:
        raise CurveError(f"not measured: {name}")
    return figures[name]


def point(figures, size):
    """Copying went through a buffer that was lent, whose lending is not part of copying."""
    found = {what: need(figures, f"{what}_{size}")
             for what in ("give", "give_read", "renew", "lend", "lend_read", "copy", "copy_read")}
    call = need(figures, "call_0")

    def ways(value):
        values = {what: value(figure) for what, figure in found.items()}
        lending = values["lend"] - value(call)
        values["copy"] -= lending
        values["copy_read"] -= lending
        values["renewed_read"] = values["give_read"] + values.pop("renew")
        return values

    touched = ways(lambda figure: round(figure.counters.get("bytes", 0)))
    return Point(size, ways(lambda figure: figure.median), touched)


def points(figures):
    sizes = sorted(int(name.removeprefix("give_read_")) for name in figures
                   if name.startswith("give_read_"))
    if not sizes:
        raise CurveError("no point was measured")
    return [point(figures, size) for size in sizes]


def crossover(curve, moved, copied):
    """Bytes from which moving never costs more: between two points as on a line; None if never."""
    excess = [point.cost[moved] - point.cost[copied] for point in curve]
    last = max((at for at, value in enumerate(excess) if value > 0), default=-1)
    if last == len(curve) - 1:
        return None
    if last < 0:
        return curve[0].size
    before, after = curve[last], curve[last + 1]
    part = excess[last] / (excess[last] - excess[last + 1])
    return math.ceil(before.size + part * (after.size - before.size))


# --- the table ------------------------------------------------------------------------------------

def size_text(size):
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} bytes"


def crossover_text(curve, moved, copied):
    size = crossover(curve, moved, copied)
    what = f'"{LABELS[moved]}" against "{LABELS[copied]}"'
    if size is None:
        return f"{what}: copying is cheaper at every size"
    if size == curve[0].size:
        return f"{what}: moving is cheaper at every size"
    return f"{what}: moving is cheaper from {size:,} bytes on"


def show(curve):
    columns = ("give", "lend", "copy", "give_read", "lend_read", "renewed_read", "copy_read")
    heads = [name.replace("_", "+") for name in columns]
    heads += ["give+read", "copy+read"]
    print("\nmoving and copying, instructions with the call".ljust(12 + 13 * len(columns) + 1)
          + "bytes touched".rjust(28))
    print("size".rjust(12) + "".join(head.rjust(13) for head in heads[:-2])
          + "".join(head.rjust(14) for head in heads[-2:]))
    for entry in curve:
        cells = [f"{entry.cost[name]:,}".rjust(13) for name in columns]
        cells += [f"{entry.touched[name]:,}".rjust(14) for name in ("give_read", "copy_read")]
        print(size_text(entry.size).rjust(12) + "".join(cells))
    print("\nCrossovers:")
    for moved, copied in COMPARED:
        print(f"  {crossover_text(curve, moved, copied)}")


# --- the picture ----------------------------------------------------------------------------------

class Scale:
    """Places on a plane of which both axes are logarithmic."""

    def __init__(self, curve):
        costs = [cost for entry in curve for cost in entry.cost.values()]
        self.sizes = math.log2(curve[0].size), math.log2(curve[-1].size)
        self.decades = (math.floor(math.log10(max(1, min(costs)))),
                        math.ceil(math.log10(max(costs))))

    def x(self, size):
        low, high = self.sizes
        return LEFT + (math.log2(size) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, cost):
        low, high = self.decades
        part = (math.log10(max(1, cost)) - low) / (high - low)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)


def text(x, y, content, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{content}</text>'


def line(x1, y1, x2, y2, style):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>'


def grid(curve, scale):
    style = 'stroke="#dddddd"'
    parts = []
    for entry in curve[::2]:
        x = scale.x(entry.size)
        parts += [line(x, TOP, x, HEIGHT - BOTTOM, style),
                  text(x, HEIGHT - BOTTOM + 18, size_text(entry.size))]
    for decade in range(scale.decades[0], scale.decades[1] + 1):
        y = scale.y(10 ** decade)
        parts += [line(LEFT, y, WIDTH - RIGHT, y, style),
                  text(LEFT - 8, y + 4, f"{10 ** decade:,}", "end")]
    return parts


def drawn(curve, scale):
    parts = []
    for number, (what, label, colour) in enumerate(SERIES):
        places = " ".join(f"{scale.x(entry.size):.1f},{scale.y(entry.cost[what]):.1f}"
                          for entry in curve)
        y = TOP + 20 + 20 * number
        parts += [f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2"/>',
                  line(LEFT + 15, y - 4, LEFT + 45, y - 4, f'stroke="{colour}" stroke-width="3"'),
                  text(LEFT + 52, y, label, "start")]
    return parts


def marks(curve, scale):
    """The crossovers, each a dashed line from the axis with its size."""
    parts = []
    for number, (moved, copied) in enumerate(COMPARED):
        size = crossover(curve, moved, copied)
        if size is None or size == curve[0].size:
            continue
        colour = next(colour for what, _, colour in SERIES if what == moved)
        x, y = scale.x(size), HEIGHT - BOTTOM - 12 - 15 * number
        parts += [line(x, TOP, x, HEIGHT - BOTTOM, f'stroke="{colour}" stroke-dasharray="4 4"'),
                  text(x + 4, y, f"{size:,} bytes", "start", f' fill="{colour}"')]
    return parts


def picture(curve):
    """An SVG document."""
    scale = Scale(curve)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
             f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             text(WIDTH / 2, 28, "Bringing memory to a server: moving it against copying it",
                  extra=' font-size="17"'),
             text(WIDTH / 2, HEIGHT - 22, "size; dashed: moving is cheaper from there on"),
             text(24, HEIGHT / 2, "instructions, the call included",
                  extra=f' transform="rotate(-90 24 {HEIGHT / 2})"')]
    parts += grid(curve, scale) + drawn(curve, scale) + marks(curve, scale) + ["</svg>"]
    return "\n".join(parts) + "\n"
