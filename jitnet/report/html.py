"""The parts of a page: headings, tables, pictures for light and dark grounds."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = """
:root { color-scheme: light dark; --ink: #222; --soft: #666; --line: #ddd; --ground: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --soft: #a0a0a0; --line: #33363c; --ground: #16181c; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
       max-width: 62rem; margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.6rem; margin-bottom: 0.2rem; }
h2 { font-size: 1.15rem; margin-top: 2.2rem; border-bottom: 1px solid var(--line); }
p.note, figcaption { color: var(--soft); font-size: 0.9rem; }
.scroll { overflow-x: auto; margin: 0 0 1.2rem; }
table { border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.25rem 0.9rem 0.25rem 0; text-align: left; border-bottom: 1px solid var(--line);
         vertical-align: top; }
td.number, th.number { text-align: right; }
figure { margin: 1.2rem 0; }
img { max-width: 100%; height: auto; }
.cards { display: flex; flex-wrap: wrap; gap: 1.2rem 2.4rem; margin: 1.2rem 0; }
.card b { display: block; font-size: 1.5rem; font-weight: 600; }
.card span { color: var(--soft); font-size: 0.9rem; }
"""


def page(title: str, parts: Iterable[str]) -> str:
    """A whole page."""
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def section(title: str, *parts: str) -> str:
    """A heading and what is under it."""
    return f"<h2>{escape(title)}</h2>\n" + "\n".join(parts)


def note(text: str) -> str:
    """A line in small type."""
    return f'<p class="note">{escape(text)}</p>'


def cards(figures: Iterable[tuple[str, str]]) -> str:
    """Some figures in large type, each with what it is."""
    shown = (
        f'<div class="card"><b>{escape(value)}</b><span>{escape(name)}</span></div>'
        for name, value in figures
    )
    return f'<div class="cards">{"".join(shown)}</div>'


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int = 0) -> str:
    """A table, whose last columns may be numbers."""
    first = len(header) - numbers

    def cells(row: Sequence[str], kind: str) -> str:
        return "".join(
            f'<{kind} class="number">{escape(cell)}</{kind}>'
            if place >= first
            else f"<{kind}>{escape(cell)}</{kind}>"
            for place, cell in enumerate(row)
        )

    lines = "".join(f"<tr>{cells(row, 'td')}</tr>\n" for row in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{cells(header, "th")}</tr></thead>\n'
        f"<tbody>{lines}</tbody></table></div>"
    )


def image(draw: Callable[[str], Figure], caption: str, *, vectors: bool = True) -> str:
    """A picture that is drawn for each theme; the reader's setting chooses.

    Parameters
    ----------
    draw : callable
        ``draw(theme)`` gives the figure for ``"light"`` or ``"dark"``.
    caption : str
        What it shows.
    vectors : bool, default True
        Whether it is kept as lines, not as pixels; thousands of points are smaller as pixels.
    """
    light, dark = (_address(draw(theme), vectors) for theme in ("light", "dark"))
    text = escape(caption)
    return (
        f'<figure><picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img src="{light}" alt="{text}"></picture><figcaption>{text}</figcaption></figure>'
    )


def _address(figure: Figure, vectors: bool) -> str:
    """A figure's content as an address."""
    file = io.BytesIO()
    if vectors:
        figure.savefig(file, format="svg", metadata={"Date": None})
        kind = "image/svg+xml"
    else:
        figure.savefig(file, format="png", dpi=120)
        kind = "image/png"
    return f"data:{kind};base64,{base64.b64encode(file.getvalue()).decode()}"
