"""What the documents say, as far as tests need it: headings and their anchors, links, code. Pure, no network.

Only the Markdown that is used here: fenced blocks with three backticks, inline links, inline code, `#` headings, HTML comments.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SHELL: Final = frozenset({"sh", "console"})

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CODE = re.compile(r"(`+)(?!`)(?P<text>.+?)(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"\]\((?P<target>[^()\s]+)\)|<(?P<address>https?://[^>]+)>")
_HEADING = re.compile(r"^#{1,6} +(?P<text>.+?) *#*$", re.MULTILINE)
_NO_SLUG = re.compile(r"[^\w\- ]")


@dataclass(frozen=True)
class Block:
    """A fenced block. language: as behind the fence, often empty."""

    language: str
    text: str

    def commands(self) -> list[str]:
        """The lines of a shell, joined where one ends with a backslash; comments and blanks left out."""
        lines = self.text.replace("\\\n", " ").splitlines()
        bare = (re.sub(r"(^|\s)#\s.*$", "", line) for line in lines)
        return [" ".join(line.split()) for line in bare if line.strip()]


@dataclass(frozen=True)
class Document:
    """One Markdown file. path: from the root of the repository."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.as_posix()

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(Block(found["language"], found["text"]) for found in _FENCE.finditer(self.text))

    @cached_property
    def prose(self) -> str:
        """The text without fenced blocks and comments."""
        return _COMMENT.sub("", _FENCE.sub("", self.text))

    @cached_property
    def code(self) -> tuple[str, ...]:
        """What stands between backticks in the prose."""
        return tuple(" ".join(found["text"].split()) for found in _CODE.finditer(self.prose))

    def shell_commands(self) -> Iterator[str]:
        """Every command of every block for a shell, in their order."""
        for block in self.blocks:
            if block.language in SHELL:
                yield from block.commands()

    def links(self) -> Iterator[str]:
        """Targets of links and images, code left out."""
        for found in _LINK.finditer(_CODE.sub("", self.prose)):
            yield found["target"] or found["address"]

    @cached_property
    def anchors(self) -> frozenset[str]:
        """Where a link into this page may lead."""
        seen: Counter[str] = Counter()
        found = set()
        for heading in _HEADING.finditer(self.prose):
            slug = anchor(heading["text"])
            found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
        return frozenset(found)


def anchor(heading: str) -> str:
    """The anchor that GitHub and GitLab make of a heading."""
    bare = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    return _NO_SLUG.sub("", bare.strip().lower()).replace(" ", "-")


def document(path: Path) -> Document:
    return Document(path.relative_to(ROOT), path.read_text(encoding="utf-8"))


def documents() -> list[Document]:
    """Every page: those at the root of the repository and all below docs/."""
    return [document(path) for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))]


def instructions() -> list[Document]:
    """The pages whose commands a reader types: README and the guide."""
    return [document(path) for path in (ROOT / "README.md", *sorted((ROOT / "docs/guide").glob("*.md")))]
