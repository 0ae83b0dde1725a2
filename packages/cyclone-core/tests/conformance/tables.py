"""All conformance cases by category."""

from collections.abc import Iterator

import cases_answers
import cases_chunked
import cases_coding
import cases_connection
import cases_expect
import cases_fields
import cases_host
import cases_length
import cases_methods
import cases_request_line
from battery import Case, unique

__all__ = ["TABLES", "identified"]

TABLES: dict[str, list[Case]] = {
    "request line": unique(cases_request_line.CASES),
    "host": unique(cases_host.CASES),
    "fields": unique(cases_fields.CASES),
    "length": unique(cases_length.CASES),
    "coding": unique(cases_coding.CASES),
    "chunked": unique(cases_chunked.CASES),
    "connection": unique(cases_connection.CASES),
    "expect": unique(cases_expect.CASES),
    "methods": unique(cases_methods.CASES),
    "answers": unique(cases_answers.CASES),
}


def identified() -> Iterator[tuple[str, Case]]:
    """Yield every case with a name that is unique among all."""
    for table, cases in TABLES.items():
        for case in cases:
            yield f"{table}: {case.name}", case
