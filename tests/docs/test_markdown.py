"""The reader of the documents reads what they use."""

from pathlib import Path

import pytest

from tests.docs.markdown import Block, Document, anchor

PAGE = Document(
    Path("docs/page.md"),
    """\
# A page: `code` and more

See [that](../README.md#start), `[not](this.md)`, ![picture](images/a.jpg) and <http://localhost:2126>.
<!-- [nor](that.md) -->

## Twice

## Twice

```sh
make run  # in the foreground
curl -s \\
  'http://localhost/#top'

# a comment
```

```
[no link](in-a-block.md)
```
""",
)


def test_links_are_those_that_a_reader_can_click() -> None:
    assert list(PAGE.links()) == ["../README.md#start", "images/a.jpg", "http://localhost:2126"]


def test_each_heading_has_its_own_anchor() -> None:
    assert PAGE.anchors == {"a-page-code-and-more", "twice", "twice-1"}


def test_commands_are_whole_and_without_comments() -> None:
    assert list(PAGE.shell_commands()) == ["make run", "curl -s 'http://localhost/#top'"]
    assert Block("sh", "a=1 # b\n").commands() == ["a=1"]


def test_code_is_what_stands_between_backticks() -> None:
    assert PAGE.code == ("code", "[not](this.md)")


@pytest.mark.parametrize(
    ("heading", "slug"),
    [
        ("POST `/api/login`", "post-apilogin"),
        ("What a fault costs", "what-a-fault-costs"),
        ("WS `/api/channel/{ch}/live?stream=main`", "ws-apichannelchlivestreammain"),
    ],
)
def test_anchors_are_spelled_as_code_hosts_spell_them(heading: str, slug: str) -> None:
    assert anchor(heading) == slug
