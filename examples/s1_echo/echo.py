"""The smallest flow worth the name: two pure steps, one after the other."""

from __future__ import annotations

from latticeflow import flow, node


@node
def trim(text: str) -> str:
    """Take the white space off both ends."""
    return text.strip()


@node
def lower(text: str) -> str:
    """Write it in lower case."""
    return text.lower()


@flow(version="1.0.0")
def s1_echo(text: str) -> str:
    """Normalise a text and give it back."""
    return lower(trim(text))
