"""A hook of the documentation site: the order of its sections.

Pages are found by where they lie, so that a new one needs no entry anywhere; only the order of the
sections is said here, from learning to looking up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.nav import Navigation

ORDER = ("Home", "Tutorial", "How to", "Reference", "Explanation", "Glossary", "Adr")


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:  # noqa: ARG001
    """Put the top of the navigation into the order above; whatever is not named comes last."""

    def place(item: object) -> int:
        title = str(getattr(item, "title", "") or "")
        return ORDER.index(title) if title in ORDER else len(ORDER)

    nav.items.sort(key=place)
    return nav
