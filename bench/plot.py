#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""plot.py: a picture (SVG) of what bench/run measured.

usage: bench/plot.py FIGURES.json PICTURE.svg

Reads the medians and extremes of rate_per_server_cpu_s and draws, for each path, grouped bars by
value size on one logarithmic axis, with the ratio to the kernel over them. Standard library only.
"""
import html
import json
import math
import sys

PATHS = [("mc_udp_get", "memif: two processes"), ("mc_udp_get_ring", "ring: one process")]
VARIANTS = [  # name, colour
    ("hybrid", "#0b5d8a"),
    ("reference", "#3f9bc4"),
    ("copy", "#a6cfe2"),
    ("kernel", "#c4512d"),
    ("echo", "#6b7f3a"),
    ("echo_kernel", "#d9a441"),
]
WIDTH, PANEL, LEFT, RIGHT, TOP, GAP = 1000, 250, 78, 20, 92, 64
FONT = "font-family='DejaVu Sans, Liberation Sans, Arial, sans-serif'"


def size_label(size):
    return f"{size // 1024} KiB" if size >= 1024 else f"{size} B"


def rate_label(rate):
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if rate >= unit:
            return f"{rate / unit:.3g} {name}"
    return f"{rate:.3g}"


def collect(figures):
    """{path: {size: {variant: {aggregate: entry}}}} of the rows that have a rate."""
    found = {}
    for entry in figures["benchmarks"]:
        parts = entry["run_name"].split("/")
        if entry["run_type"] != "aggregate" or len(parts) != 3 or \
                "rate_per_server_cpu_s" not in entry:
            continue
        path, size, variant = parts[0], int(parts[1]), parts[2]
        row = found.setdefault(path, {}).setdefault(size, {}).setdefault(variant, {})
        row[entry["aggregate_name"]] = entry
    return found


def decades(found):
    rates = [row[which]["rate_per_server_cpu_s"] for sizes in found.values()
             for variants in sizes.values() for row in variants.values() for which in row]
    return math.floor(math.log10(min(rates))), math.ceil(math.log10(max(rates)))


class Picture:
    def __init__(self, height):
        self.height = height
        self.parts = []

    def text(self, x, y, text, size=12, anchor="start", colour="#222", extra=""):
        self.parts.append(f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' "
                          f"text-anchor='{anchor}' fill='{colour}' {extra}>"
                          f"{html.escape(text)}</text>")

    def rect(self, x, y, w, h, colour):
        self.parts.append(f"<rect x='{x:.1f}' y='{y:.1f}' width='{w:.1f}' height='{h:.1f}' "
                          f"fill='{colour}'/>")

    def line(self, x1, y1, x2, y2, colour="#ddd", width=1.0):
        self.parts.append(f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' "
                          f"stroke='{colour}' stroke-width='{width}'/>")

    def write(self, path):
        with open(path, "w", encoding="utf-8") as to:
            to.write(f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' "
                     f"height='{self.height}' viewBox='0 0 {WIDTH} {self.height}' {FONT}>\n")
            to.write(f"<rect width='{WIDTH}' height='{self.height}' fill='#fff'/>\n")
            to.write("\n".join(self.parts) + "\n</svg>\n")


def draw_heading(picture):
    picture.text(LEFT, 28, "memcached get over UDP: requests per second of the server's CPU time",
                 17, extra="font-weight='bold'")
    picture.text(LEFT, 47, "median of rounds, whiskers from the least to the most; the number over "
                 "a bar is its ratio to the kernel's (get to get, echo to echo)", 11.5,
                 colour="#555")
    x = LEFT
    for name, colour in VARIANTS:
        picture.rect(x, 62, 12, 12, colour)
        picture.text(x + 17, 72, name, 12)
        x += 40 + 7.6 * len(name)


def draw_axis(picture, top, low, high, title):
    picture.text(LEFT, top - 10, title, 13, extra="font-weight='bold'")
    for decade in range(low, high + 1):
        y = top + PANEL * (high - decade) / (high - low)
        picture.line(LEFT, y, WIDTH - RIGHT, y)
        picture.text(LEFT - 8, y + 4, rate_label(10.0 ** decade) + "/s", 11, "end", "#555")


def draw_ratio(picture, x, y, text, width):
    if width > 24:
        picture.text(x, y, text, 10.5, "middle")
    else:
        x += 3.5
        picture.text(x, y, text, 9.5, extra=f"transform='rotate(-90 {x:.1f} {y:.1f})'")


def draw_bar(picture, x, width, bottom, height_of, row, colour):
    median = row["median"]
    y = bottom - height_of(median["rate_per_server_cpu_s"])
    picture.rect(x, y, width, bottom - y, colour)
    ends = [bottom - height_of(row[which]["rate_per_server_cpu_s"]) for which in ("min", "max")]
    picture.line(x + width / 2, ends[0], x + width / 2, ends[1], "#111", 1.2)
    ratio = median.get("ratio_to_kernel")
    if ratio is not None and abs(ratio - 1) > 1e-9:
        text = f"{ratio:.{1 if ratio < 10 else 0}f}×"
        draw_ratio(picture, x + width / 2, ends[1] - 4, text, width)


def draw_panel(picture, top, low, high, title, sizes):
    draw_axis(picture, top, low, high, title)
    bottom = top + PANEL
    group = (WIDTH - LEFT - RIGHT) / len(sizes)
    width = group * 0.84 / len(VARIANTS)

    def height_of(rate):
        return PANEL * (math.log10(rate) - low) / (high - low)

    for g, size in enumerate(sorted(sizes)):
        x = LEFT + g * group + group * 0.08
        for name, colour in VARIANTS:
            if "median" in sizes[size].get(name, {}):
                draw_bar(picture, x, width * 0.9, bottom, height_of, sizes[size][name], colour)
            x += width
        picture.text(LEFT + (g + 0.5) * group, bottom + 17, size_label(size), 12, "middle")
    picture.line(LEFT, bottom, WIDTH - RIGHT, bottom, "#333", 1.2)


def draw_footing(picture, y, context):
    lines = [
        f"{context['cpu_model']}, server on CPU {context['server_cpu']}, generator on CPU "
        f"{context['load_cpu']}, {context['kernel']}, hugepages {context['hugepages']}",
        f"{context['compiler']} {context['flags']}, DPDK {context['dpdk']}, commit "
        f"{context['commit']}, {context['repetitions']} rounds of "
        f"{context['slice_ns'] / 1e6:.0f} ms, {context['date']}",
        f"{context['executable']}",
    ]
    for i, text in enumerate(lines):
        picture.text(LEFT, y + 15 * i, text[:150], 10.5, colour="#555")


def main():
    if len(sys.argv) != 3 or sys.argv[1] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if len(sys.argv) == 2 else 2
    with open(sys.argv[1], encoding="utf-8") as source:
        figures = json.load(source)
    found = collect(figures)
    panels = [(title, found[path]) for path, title in PATHS if path in found]
    if not panels:
        print(f"plot.py: '{sys.argv[1]}' holds no rates to draw", file=sys.stderr)
        return 1
    low, high = decades(found)
    picture = Picture(TOP + len(panels) * (PANEL + GAP) + 60)
    draw_heading(picture)
    for i, (title, sizes) in enumerate(panels):
        draw_panel(picture, TOP + 24 + i * (PANEL + GAP), low, high, title, sizes)
    draw_footing(picture, picture.height - 48, figures["context"])
    picture.write(sys.argv[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
