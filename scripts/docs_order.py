"""A hook of the documentation site: the order of its sections.

Pages are found by where they lie, so that a new one needs no entry anywhere. Only the order of the
sections is said here, from learning to looking up, and which folders show no more than their index
because they hold a page for each of hundreds of things.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mkdocs.structure.nav import Section
from mkdocs.structure.pages import Page

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.nav import Navigation

ORDER = ("index", "tutorial", "how-to", "reference", "explanation", "glossary", "adr")
TITLES = {"how-to": "How to", "adr": "Decisions"}
INDEX_ONLY = ("reference/codes/",)


def first_page(item: object) -> str:
    """Return the source path of the first page at or below a navigation item."""
    while isinstance(item, Section):
        item = item.children[0]
    return item.file.src_uri if isinstance(item, Page) else ""


def prune(section: Section) -> None:
    """Leave only the index of the folders that say so."""
    for child in section.children:
        if isinstance(child, Section):
            prune(child)
    section.children = [
        child
        for child in section.children
        if not (
            isinstance(child, Page)
            and child.file.src_uri.startswith(INDEX_ONLY)
            and not child.is_index
        )
    ]


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:  # noqa: ARG001
    """Order and name the top of the navigation; whatever is not named above comes last."""

    def place(item: object) -> int:
        top = first_page(item).split("/")[0].removesuffix(".md")
        return ORDER.index(top) if top in ORDER else len(ORDER)

    for item in nav.items:
        if isinstance(item, Section):
            prune(item)
            folder = first_page(item).split("/")[0]
            item.title = TITLES.get(folder, item.title)
    nav.items.sort(key=place)
    return nav
