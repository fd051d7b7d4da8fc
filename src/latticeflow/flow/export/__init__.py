"""The graph as pictures: DOT for Graphviz, Mermaid for Markdown, a tree for terminals."""

from latticeflow.flow.export.dot import render_dot
from latticeflow.flow.export.mermaid import render_mermaid
from latticeflow.flow.export.text import render_tree

__all__ = ["render_dot", "render_mermaid", "render_tree"]
