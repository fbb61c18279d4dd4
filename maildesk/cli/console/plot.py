"""Draws bar charts, one row per series and one bar per day, as SVG for light and dark."""

from collections.abc import Iterator, Sequence
from datetime import date
from html import escape

_LEFT, _RIGHT, _TOP, _BOTTOM = 96, 24, 16, 28
_ROW, _BAR, _GAP = 72, 44, 3
_WIDTH = 760
_STYLE = """<style>
  svg { background: #fff; font: 13px system-ui, sans-serif; fill: #333 }
  .bar { fill: #4a7a9c } .base { stroke: #ccc } .quiet { fill: #767676; font-size: 11px }
  @media (prefers-color-scheme: dark) {
    svg { background: #16181b; fill: #ddd }
    .bar { fill: #7fb0d0 } .base { stroke: #444 } .quiet { fill: #9a9a9a }
  }
</style>"""


def bars(title: str, days: Sequence[date], series: Sequence[tuple[str, Sequence[int]]]) -> str:
    """The SVG. Every series has a number for each day and its own scale."""
    height = _TOP + _ROW * len(series) + _BOTTOM
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        _STYLE,
    ]
    for place, (name, numbers) in enumerate(series):
        lines += _row(name, days, numbers, _TOP + _ROW * place)
    lines += _dates(days, height - 10)
    return "\n".join((*lines, "</svg>", ""))


def _row(name: str, days: Sequence[date], numbers: Sequence[int], top: int) -> Iterator[str]:
    base, highest = top + _BAR + 12, max(numbers, default=0)
    yield f'<text x="12" y="{base - 22}">{escape(name)}</text>'
    yield f'<text class="quiet" x="12" y="{base - 6}">{sum(numbers)} total</text>'
    yield f'<line class="base" x1="{_LEFT}" y1="{base}" x2="{_WIDTH - _RIGHT}" y2="{base}"/>'
    labelled = False
    for place, (day, number) in enumerate(zip(days, numbers, strict=True)):
        if not number:
            continue
        x, width = _x(place, len(days)), _step(len(days)) - _GAP
        tall = max(1.0, _BAR * number / highest)
        where = f'x="{x:.1f}" y="{base - tall:.1f}" width="{width:.1f}" height="{tall:.1f}"'
        yield f'<rect class="bar" {where}><title>{day}: {number}</title></rect>'
        if number == highest and not labelled:
            labelled = True
            middle = f'x="{x + width / 2:.1f}" y="{base - tall - 3:.1f}"'
            yield f'<text class="quiet" {middle} text-anchor="middle">{number}</text>'


def _dates(days: Sequence[date], y: int) -> Iterator[str]:
    """Labels of the first day and of each later Monday, if there is room for them."""
    last = -99.0
    for place, day in enumerate(days):
        x = _x(place, len(days))
        if (place == 0 or day.weekday() == 0) and x - last > 48:
            last = x
            yield f'<text class="quiet" x="{x:.1f}" y="{y}">{day:%d %b}</text>'


def _step(count: int) -> float:
    return (_WIDTH - _LEFT - _RIGHT) / max(1, count)


def _x(place: int, count: int) -> float:
    return _LEFT + _step(count) * place
