"""The pages of the codes and the text of `flows explain`."""

from latticeflow.diagnostics import all_codes, explain
from latticeflow.diagnostics.docs import Example, code_pages


def test_every_code_that_is_reported_has_a_page_and_every_code_a_line():
    pages = code_pages()
    shown = {r.slug for r in all_codes().values() if r.status != "reserved"}
    assert set(pages) == {f"{slug}.md" for slug in shown} | {"index.md"}
    for code in all_codes().values():
        assert f"| {code.code} |" in pages["index.md"] or f"| [{code.code}](" in pages["index.md"]


def test_a_page_has_its_examples():
    page = code_pages({"DAG200": {"bad": Example("toml", "[steps.a]\n")}})["DAG200.md"]
    assert page.startswith("# DAG200: cycle\n")
    assert "## Refused\n\n```toml\n[steps.a]\n```\n" in page
    assert "these nodes wait for each other: <path>" in page


def test_explain_says_all_and_takes_any_case():
    text = explain("exact003")
    assert text.startswith("EXACT003 (exactly once ttl)\n")
    assert "keep them for at least 300000 ms" in text
    assert explain("NOPE1") == ""


def test_doubled_braces_are_shown_once():
    assert "`${{ <expression> }}`" in explain("TOML011")
