"""The workflow as a diagram: an SVG file, and text for Mermaid. No I/O.

In the SVG a status is a column under its state and a transition is a row: a dot under each status
that it leaves, an arrow under the one it leads to, the actors on the left, the required fields on
the right. No lines cross, for any number of transitions. It follows the reader's light or dark
mode.
"""

from collections.abc import Iterator
from xml.sax.saxutils import escape

from maildesk.config.schema.workflow import Move, Workflow

_LEFT, _COLUMN, _ROW, _PAD = 230, 76, 34, 20
_AUTOMATIC = {"rule", "clock", "event"}
_COLOURS = ("#2f6fdb", "#8f5d0c", "#8250b8", "#2e8555", "#667085", "#b3425f")
_STYLE = """
svg { background: #ffffff; color: #1d2433; font: 13px system-ui, sans-serif; }
text { fill: currentColor; }
.state { font-weight: 600; fill: #ffffff; }
.needs, .hint { fill: #5d6678; font-size: 12px; }
.rule { stroke: #e3e7ee; stroke-width: 1; }
.band { fill: #f6f8fb; }
.way { stroke: #1d2433; stroke-width: 2; fill: none; }
.dot { fill: #1d2433; }
.alone .way { stroke-dasharray: 5 4; }
@media (prefers-color-scheme: dark) {
  svg { background: #12161f; color: #e7ebf3; }
  .needs, .hint { fill: #a3adc2; }
  .rule { stroke: #2b3344; }
  .band { fill: #1a202c; }
  .way { stroke: #e7ebf3; }
  .dot { fill: #e7ebf3; }
}
"""


def svg(workflow: Workflow) -> str:
    """The diagram as one SVG file."""
    names = [status.name for status in workflow.status]
    needs = max((len(_needs(move)) for move in workflow.move), default=0)
    width = _LEFT + _COLUMN * len(names) + max(_PAD, needs * 7 + 2 * _PAD)
    top = 76 + round(max(map(len, names), default=0) * 4.6)  # includes the slanted names
    height = top + _ROW * len(workflow.move) + 2 * _PAD
    body = [*_states(workflow), *_columns(names, top, height)]
    for place, move in enumerate(workflow.move):
        body += _move(move, names, top + _ROW * place + _ROW // 2, width, place)
    body.append(_hint(height))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="The workflow: '
        f'{len(names)} statuses, {len(workflow.move)} moves">\n<style>{_STYLE}</style>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def _x(column: int) -> int:
    return _LEFT + _COLUMN * column + _COLUMN // 2


def _states(workflow: Workflow) -> Iterator[str]:
    """A coloured bar over the adjacent statuses of each state."""
    begin = 0
    order = list(dict.fromkeys(status.state for status in workflow.status))
    for column, status in enumerate(workflow.status):
        following = workflow.status[column + 1 :][:1]
        if following and following[0].state == status.state:
            continue
        colour = _COLOURS[order.index(status.state) % len(_COLOURS)]
        x, wide = _LEFT + _COLUMN * begin + 2, _COLUMN * (column + 1 - begin) - 4
        yield f'<rect x="{x}" y="{_PAD}" width="{wide}" height="26" rx="4" fill="{colour}"/>'
        yield _text(status.state, x + wide // 2, _PAD + 18, "middle", "state")
        begin = column + 1


def _columns(names: list[str], top: int, height: int) -> Iterator[str]:
    """The slanted name of each status above the line of its transitions."""
    for column, name in enumerate(names):
        x = _x(column)
        end = height - 2 * _PAD
        yield f'<line class="rule" x1="{x}" y1="{top}" x2="{x}" y2="{end}"/>'
        turned = f"rotate(-38 {x - 4} {top - 10})"
        yield f'<text x="{x - 4}" y="{top - 10}" transform="{turned}">{escape(name)}</text>'


def _move(move: Move, names: list[str], y: int, width: int, place: int) -> Iterator[str]:
    if place % 2 == 0:
        top = y - _ROW // 2
        yield f'<rect class="band" x="0" y="{top}" width="{width}" height="{_ROW}" opacity="0.7"/>'
    begins = [_x(names.index(name)) for name in move.from_]
    end = _x(names.index(move.to))
    kind = "alone" if _AUTOMATIC.issuperset(move.by) else "people"
    yield f'<g class="{kind}">'
    yield _text(", ".join(move.by), _LEFT - _PAD, y + 4, "end")
    for side in ([x for x in begins if x < end], [x for x in begins if x > end]):
        if side:
            tip = end - 12 if side[0] < end else end + 12
            far = min(side) if side[0] < end else max(side)
            yield f'<path class="way" d="M {far} {y} H {tip}"/>'
            yield _tip(tip, y, 1 if tip < end else -1)
    yield from (f'<circle class="dot" cx="{x}" cy="{y}" r="5"/>' for x in begins)
    yield _text(_needs(move), _LEFT + _COLUMN * len(names) + 8, y + 4, "start", "needs")
    yield "</g>"


def _tip(x: int, y: int, towards: int) -> str:
    return f'<path class="dot" d="M {x + 12 * towards} {y} l {-12 * towards} -6 v 12 z"/>'


def _needs(move: Move) -> str:
    return f"needs {', '.join(move.needs)}" if move.needs else ""


def _text(words: str, x: int, y: int, anchor: str, kind: str = "plain") -> str:
    place = f'class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}"'
    return f"<text {place}>{escape(words)}</text>"


def _hint(height: int) -> str:
    words = "dot: from here; arrow: to here; dashed: without a person. On the left: who may."
    return _text(words, _PAD, height - _PAD + 4, "start", "hint")


def mermaid(workflow: Workflow) -> str:
    """A state diagram for Mermaid."""
    ids = {status.name: f"s{place}" for place, status in enumerate(workflow.status)}
    lines = ["stateDiagram-v2", f"  [*] --> {ids[workflow.roles.new]}"]
    for state in dict.fromkeys(status.state for status in workflow.status):
        lines.append(f'  state "{_plain(state)}" as {_plain(state).replace(" ", "_")}_state {{')
        of_it = [status.name for status in workflow.status if status.state == state]
        lines += [f'    state "{_plain(name)}" as {ids[name]}' for name in of_it]
        lines.append("  }")
    for move in workflow.move:
        who = ", ".join(move.by)
        lines += [f"  {ids[origin]} --> {ids[move.to]}: {who}" for origin in move.from_]
    ends = [status.name for status in workflow.status if status.state == "Closed"]
    lines += [f"  {ids[name]} --> [*]" for name in ends]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    return "".join(c if c.isalnum() or c in " -_" else " " for c in text)
