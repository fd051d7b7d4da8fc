"""Ways to show diagnostics, one module per format: text, JSON and SARIF."""

from latticeflow.diagnostics.render.json import location_to_json, render_json, to_json
from latticeflow.diagnostics.render.sarif import render_sarif
from latticeflow.diagnostics.render.text import read_source, render_text

__all__ = [
    "location_to_json",
    "read_source",
    "render_json",
    "render_sarif",
    "render_text",
    "to_json",
]
