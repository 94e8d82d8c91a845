"""PageContent -> the bytes of published files, and of the preview of all pages."""

from __future__ import annotations

from aggregator.render.files import render_page
from aggregator.render.preview import render_preview

__all__ = ["render_page", "render_preview"]
