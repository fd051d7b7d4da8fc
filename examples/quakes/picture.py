"""A map of the earth and a chart of days, as SVG text; it knows nothing of where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, MAP_HEIGHT, CHART_HEIGHT, EDGE = 960, 480, 190, 40
COLOURS = ("#c6dbef", "#9ecae1", "#6baed6", "#3182bd", "#08519c", "#d7301f")
INK, PAPER, LINES, MEMBER = "#1d2733", "#f7f8fa", "#d5dae1", "#e6550d"

Column = tuple[str, list[int]]


@dataclass(frozen=True)
class Mark:
    """A point of the map, and whether it is to be seen before the others."""

    longitude: float
    latitude: float
    magnitude: float
    is_member: bool


def paint(
    marks: Sequence[Mark], columns: Sequence[Column], bands: Sequence[str], title: str
) -> str:
    """Return the picture."""
    height = EDGE + MAP_HEIGHT + EDGE + CHART_HEIGHT + EDGE
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
            f"<title>{escape(title)}</title>",
            f'<g font-family="sans-serif" font-size="12" fill="{INK}">',
            f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>',
            f'<text x="10" y="26" font-size="16" font-weight="bold">{escape(title)}</text>',
            f'<g transform="translate(0 {EDGE})">',
            *_map(marks),
            "</g>",
            f'<g transform="translate(0 {EDGE + MAP_HEIGHT + EDGE})">',
            *_chart(columns, bands),
            "</g>",
            "</g>",
            "</svg>\n",
        ]
    )


def _map(marks: Sequence[Mark]) -> list[str]:
    lines = [f'<rect width="{WIDTH}" height="{MAP_HEIGHT}" fill="white"/>']
    for degrees in range(-150, 180, 30):
        x = _x(degrees)
        lines.append(f'<path d="M{x:.1f} 0V{MAP_HEIGHT}" stroke="{LINES}"/>')
    for degrees in range(-60, 90, 30):
        y = _y(degrees)
        lines.append(f'<path d="M0 {y:.1f}H{WIDTH}" stroke="{LINES}"/>')
    # The strongest are drawn last, those that are to be seen after all others.
    for mark in sorted(marks, key=lambda mark: (mark.is_member, mark.magnitude)):
        colour = MEMBER if mark.is_member else COLOURS[3]
        radius = 1 + max(mark.magnitude, 0) ** 2 / 4
        lines.append(
            f'<circle cx="{_x(mark.longitude):.1f}" cy="{_y(mark.latitude):.1f}" r="{radius:.1f}"'
            f' fill="{colour}" fill-opacity=".45" stroke="{colour}" stroke-width=".6"/>'
        )
    return lines


def _chart(columns: Sequence[Column], bands: Sequence[str]) -> list[str]:
    lines = []
    for place, (band, colour) in enumerate(zip(bands, COLOURS, strict=True)):
        x = 10 + place * 110
        lines.append(f'<rect x="{x}" y="-18" width="12" height="12" fill="{colour}"/>')
        lines.append(f'<text x="{x + 18}" y="-8">{escape(band)}</text>')
    if not columns:
        return lines
    step = (WIDTH - 20) / len(columns)
    tallest = max(sum(counts) for _, counts in columns) or 1
    for place, (label, counts) in enumerate(columns):
        left, y = 10 + place * step, float(CHART_HEIGHT)
        for count, colour in zip(counts, COLOURS, strict=True):
            tall = count / tallest * (CHART_HEIGHT - 20)
            y -= tall
            lines.append(
                f'<rect x="{left:.1f}" y="{y:.1f}" width="{step - 12:.1f}" height="{tall:.1f}"'
                f' fill="{colour}"/>'
            )
        lines.append(f'<text x="{left:.1f}" y="{y - 5:.1f}">{sum(counts)}</text>')
        lines.append(f'<text x="{left:.1f}" y="{CHART_HEIGHT + 18}">{escape(label)}</text>')
    return lines


def _x(longitude: float) -> float:
    return (longitude + 180) / 360 * WIDTH


def _y(latitude: float) -> float:
    return (90 - latitude) / 180 * MAP_HEIGHT
