"""Drawings are whole XML, in scale, and safe whatever their labels say."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from aggregator.web.charts import (
    Column,
    heatmap,
    horizontal_bars,
    nice_ceiling,
    stacked_columns,
)

NAME = '<b onclick="x">& "a"'
SVG = "{http://www.w3.org/2000/svg}"


def parts(svg: str, name: str) -> list[ElementTree.Element]:
    """Elements of a kind; fails when the drawing is not well-formed."""
    return list(ElementTree.fromstring(svg).iter(name))


def heights(svg: str, colour: str) -> list[float]:
    """Of the bars of a colour, legend left out."""
    found = [rect for rect in parts(svg, "rect") if rect.get("class") == colour]
    return [float(str(rect.get("height"))) for rect in found if rect.get("width") != "10.0"]


def test_columns_are_stacked_in_scale() -> None:
    """Twice the number, twice the height; nothing is drawn for nothing."""
    columns = [Column("a", (4, 2, 0), "first"), Column("", (2, 0, 0), "second")]

    svg = stacked_columns(columns, names=("x", "y", "z"), title="T")

    assert heights(svg, "c0") == [2 * heights(svg, "c0")[1], heights(svg, "c0")[1]]
    assert heights(svg, "c1") == [heights(svg, "c0")[1]]
    assert heights(svg, "c2") == []
    assert [title.text for title in parts(svg, "title")] == ["first", "second"]


def test_bars_say_their_numbers() -> None:
    """For those who see and those who do not."""
    svg = horizontal_bars([("under 5 min", 3), ("more", 0)], title="Late")

    (root,) = parts(svg, "svg")
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Late. under 5 min: 3; more: 0"


def test_a_heatmap_has_a_cell_for_every_value() -> None:
    """The strongest is the highest."""
    svg = heatmap(["Mon", "Tue"], ["00", "01"], [[0, 1], [2, 4]], title="T")

    cells = [rect.get("opacity") for rect in parts(svg, "rect") if rect.get("class") == "c0"]
    assert cells == ["0", "0.25", "0.5", "1"]


def test_labels_are_text() -> None:
    """Whatever they look like."""
    for svg in (
        stacked_columns([Column(NAME, (1,), NAME)], names=(NAME,), title=NAME),
        horizontal_bars([(NAME, 1)], title=NAME),
        heatmap([NAME], [NAME], [[1]], title=NAME),
    ):
        assert parts(svg, "b") == []
        assert NAME in "".join(ElementTree.fromstring(svg).itertext())


def test_nothing_to_draw_is_a_drawing() -> None:
    """An empty database has a page too."""
    for svg in (
        stacked_columns([], names=(), title="T"),
        horizontal_bars([], title="T"),
        heatmap([], [], [], title="T"),
    ):
        assert parts(svg, "svg")


@pytest.mark.parametrize(
    ("value", "ceiling"), [(0, 2), (1, 2), (7, 8), (9, 10), (11, 20), (101, 200)]
)
def test_scales_end_at_round_numbers(value: float, ceiling: float) -> None:
    """Never below the value."""
    assert nice_ceiling(value) == ceiling
