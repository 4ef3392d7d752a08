"""Tables in Markdown files, renewed between marks."""

from __future__ import annotations

from pathlib import Path


def renew(path: Path, name: str, content: str) -> None:
    """Put content between a file's marks ``<!-- name -->`` and ``<!-- /name -->``."""
    mark, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, rest = path.read_text(encoding="utf-8").split(mark)
    after = rest.split(end)[1]
    path.write_text(f"{before}{mark}\n\n{content}\n{end}{after}", encoding="utf-8")
