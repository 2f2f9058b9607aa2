"""A page that is not listed is not found."""

import re
from pathlib import Path

DOCS = Path(__file__).parent


def test_every_page_is_listed_once() -> None:
    """Whoever writes a page adds a line to README.md."""
    listed = re.findall(r"^\| \[[^]]+\]\(([^)]+)\)", (DOCS / "README.md").read_text("utf-8"), re.M)

    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.glob("*/*.md")}
    assert sorted(listed) == sorted(pages)


def test_links_to_a_heading_lead_to_one() -> None:
    """As GitHub makes anchors of headings: lower case, blanks to hyphens, no other punctuation."""
    broken = []
    for page in DOCS.glob("**/*.md"):
        for target, anchor in re.findall(r"\]\(([^):]*)#([^)]+)\)", page.read_text("utf-8")):
            text = (page.parent / target if target else page).resolve().read_text("utf-8")
            headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
            if anchor not in anchors:
                broken.append(f"{page.name}: {target}#{anchor}")
    assert broken == []
