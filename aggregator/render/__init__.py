"""PageContent -> the bytes of published files, and of the preview of all pages."""

from __future__ import annotations

from aggregator.render.files import render_page
from aggregator.render.preview import render_preview
from aggregator.render.trial import template_problems
from aggregator.render.view import Look, look_of

__all__ = ["Look", "look_of", "render_page", "render_preview", "template_problems"]
