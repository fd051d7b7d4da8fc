"""HTTP: outgoing requests."""

from __future__ import annotations

from latticeflow.diagnostics.codes import Row, family, row


def _reserved(code: str, name: str, summary: str, template: str) -> Row:
    return row(code, name, summary, template, status="reserved")


CODES = family(
    "http",
    "components",
    (
        _reserved("HTTP001", "bad_url", "A request's URL is no URL.", "`{url}` is no URL"),
        _reserved("HTTP002", "bad_method", "A method is unknown.", "`{method}` is no method"),
        _reserved("HTTP003", "bad_body", "A body cannot be sent.", "the body: {why}"),
        _reserved("HTTP004", "bad_request", "A request is configured wrongly.", "{why}"),
        _reserved("HTTP101", "status", "An answer is no success.", "{url} answered {status}"),
        _reserved("HTTP102", "not_json", "An answer is not JSON.", "{url}: not JSON: {why}"),
        _reserved("HTTP103", "type_mismatch", "An answer has another type.", "{url}: {why}"),
        _reserved("HTTP104", "not_utf8", "An answer is not UTF-8.", "{url}: not UTF-8"),
        _reserved(
            "HTTP105",
            "origin_mismatch",
            "A request would leave its allowed origin.",
            "{url} is not within {origin}",
        ),
        _reserved("HTTP106", "bad_header", "A header is not allowed.", "header `{header}`: {why}"),
    ),
)
