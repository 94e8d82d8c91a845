"""Columns whose form the schema itself holds."""

from __future__ import annotations

_TIME = "length({0}) = 20 AND {0} GLOB '????-??-??T??:??:??Z'"


def time_column(column: str, *, required: bool = False) -> str:
    """A column of RFC 3339 UTC text: one fixed form, so text order is time order."""
    null = " NOT NULL" if required else ""
    return f"{column} TEXT{null} CHECK ({_TIME.format(column)})"
