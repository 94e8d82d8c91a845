"""Numbers -> SVG, drawn here: no script, nothing from elsewhere. Pure.

Colours are classes (`c0`, `c1` ...) that the style sheet sets for light and dark. Every drawing
has a title and a description for those who do not see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 720


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a stacked chart: what stands below it, and its parts from the bottom up."""

    label: str
    parts: tuple[float, ...]
    hint: str


def stacked_columns(
    columns: Sequence[Column], *, names: Sequence[str], title: str, height: int = 180
) -> str:
    """Columns side by side, each of the parts `names`; the scale fits the highest."""
    left, bottom, top = 44, 22, 26
    highest = nice_ceiling(max((sum(column.parts) for column in columns), default=0))
    plot, step = height - bottom - top, (WIDTH - left) / max(len(columns), 1)
    marks = [_grid(left, top, plot, highest), _legend(left, names)]
    for index, column in enumerate(columns):
        x, y = left + index * step, float(top + plot)
        marks.append(f"<g><title>{escape(column.hint)}</title>")
        for number, part in enumerate(column.parts):
            size = plot * part / highest
            y -= size
            if part:
                marks.append(_rect(x + 1, y, max(step - 2, 1), size, f"c{number}"))
        marks.append("</g>")
        if column.label:
            marks.append(_text(x + step / 2, height - 6, column.label, "middle"))
    described = f"{len(columns)} columns of {', '.join(names)}; the highest of {highest:g}."
    return _svg(height, title, described, marks)


def horizontal_bars(bars: Sequence[tuple[str, float]], *, title: str, unit: str = "") -> str:
    """A bar and its number for each label."""
    left, row = 150, 24
    highest = max((value for _, value in bars), default=0) or 1
    marks = []
    for index, (label, value) in enumerate(bars):
        y = index * row
        size = (WIDTH - left - 110) * value / highest
        marks += [
            _text(left - 8, y + 16, label, "end"),
            _rect(left, y + 4, max(size, 1) if value else 0, row - 8, "c0"),
            _text(left + size + 6, y + 16, f"{value:g}{unit}", "start"),
        ]
    described = "; ".join(f"{label}: {value:g}{unit}" for label, value in bars)
    return _svg(max(len(bars), 1) * row + 4, title, described, marks)


def heatmap(
    rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float]], *, title: str
) -> str:
    """A field of cells, the stronger the higher its value; each has its number as a hint."""
    left, top, cell_height = 50, 18, 22
    step = (WIDTH - left) / max(len(columns), 1)
    highest = max((value for line in values for value in line), default=0) or 1
    marks = []
    for index, label in enumerate(columns):
        if index % 3 == 0:
            marks.append(_text(left + (index + 0.5) * step, 12, label, "middle"))
    for line, label in enumerate(rows):
        y = top + line * cell_height
        marks.append(_text(left - 8, y + 15, label, "end"))
        for index, value in enumerate(values[line]):
            strength = round(value / highest, 2)
            hint = f"{label} {columns[index]}: {value:g}"
            marks.append(
                f"<g><title>{escape(hint)}</title>"
                + _rect(left + index * step + 1, y + 1, step - 2, cell_height - 2, "empty")
                + _rect(left + index * step + 1, y + 1, step - 2, cell_height - 2, "c0", strength)
                + "</g>"
            )
    total = sum(value for line in values for value in line)
    described = f"{len(rows)} rows of {len(columns)} cells; {total:g} in all, at most {highest:g}."
    return _svg(top + len(rows) * cell_height + 4, title, described, marks)


def nice_ceiling(value: float) -> float:
    """The next of 2, 4, 6, 8, 10, 20, 40 ..., so that its half is a whole number."""
    magnitude = 1.0
    while True:
        for factor in (2, 4, 6, 8, 10):
            if factor * magnitude >= value:
                return factor * magnitude
        magnitude *= 10


def _grid(left: float, top: float, plot: float, highest: float) -> str:
    lines = []
    for part in (0.0, 0.5, 1.0):
        y = top + plot * (1 - part)
        lines.append(f'<line class="grid" x1="{left}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(_text(left - 6, y + 4, f"{highest * part:g}", "end"))
    return "".join(lines)


def _legend(left: float, names: Sequence[str]) -> str:
    marks, x = [], float(left)
    for number, name in enumerate(names):
        marks.append(_rect(x, 3, 10, 10, f"c{number}"))
        marks.append(_text(x + 14, 12, name, "start"))
        x += 30 + 7.5 * len(name)
    return "".join(marks)


def _rect(
    x: float, y: float, width: float, height: float, colour: str, opacity: float | None = None
) -> str:
    strength = "" if opacity is None else f' opacity="{opacity:g}"'
    return (
        f'<rect class="{colour}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}"'
        f' height="{height:.1f}"{strength}/>'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(height: float, title: str, described: str, marks: Sequence[str]) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height:g}" role="img"'
        f' aria-label="{escape(title)}. {escape(described)}">{"".join(marks)}</svg>'
    )
