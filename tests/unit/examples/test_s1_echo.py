from __future__ import annotations

from uuid import UUID

import pytest

from latticeflow import check, run
from latticeflow.flow.identity import flow_id

SAMPLES = [
    ("  Hello World ", "hello world"),
    ("", ""),
    ("\t\n", ""),
    ("ÄÖÜ ẞ", "äöü ß"),
    ("a", "a"),
]


@pytest.mark.parametrize("text, normal", SAMPLES)
async def test_calling_it_and_running_its_graph_give_the_same(echo, text, normal):
    assert echo.s1_echo(text) == normal
    assert await run(echo.s1_echo, text) == normal


def test_its_steps_are_plain_functions(echo):
    assert echo.trim(" A b ") == "A b"
    assert echo.lower(" A b ") == " a b "


def test_nothing_is_found_in_it(echo):
    assert check(echo.s1_echo) == ()


def test_its_id_follows_from_name_and_version():
    assert UUID(flow_id("s1_echo", "1.0.0")) == UUID("2cb1030b-e050-547f-bb89-e08ae97c966c")
