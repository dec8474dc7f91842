"""Where the keys of a TOML file stand: its parser tells values and no lines, and a message should name the line."""

import re

_HEADER = re.compile(r"\s*\[(\[?)\s*([^\[\]#\"']{1,200}?)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_.-]{1,200}|\"[^\"\\]{1,200}\"|'[^']{1,200}')\s*=")
_LONG = re.compile(r"\"\"\"|'''")


def key_lines(text: str) -> dict[str, int]:
    """The line (1-based) of each key and table header by its dotted path; `a.b[1]` for the second of `[[a.b]]`.

    It is a reading aid and no parser: a key inside an inline table is found under the key that holds the table.
    """
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    table, open_quote = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if not open_quote:
            if header := _HEADER.match(line):
                table = _named(header[2], is_list=bool(header[1]), counts=counts)
                lines.setdefault(table, number)
            elif key := _KEY.match(line):
                name = key[1].strip("\"'")
                lines.setdefault(f"{table}.{name}" if table else name, number)
        open_quote = _quote_after(line, open_quote)
    return lines


def _named(name: str, *, is_list: bool, counts: dict[str, int]) -> str:
    """The path of a header; a list of tables counts its entries, and tables below follow the newest."""
    path = ".".join(part.strip() for part in name.split("."))
    if is_list:
        counts[path] = counts.get(path, -1) + 1
        return f"{path}[{counts[path]}]"
    parent = next((p for p in counts if path.startswith(f"{p}.")), "")
    return f"{parent}[{counts[parent]}]{path[len(parent) :]}" if parent else path


def _quote_after(line: str, open_quote: str) -> str:
    """The quotes of a text of several lines that is open behind this line; empty when none is."""
    for match in _LONG.finditer(line):
        if not open_quote:
            open_quote = match[0]
        elif match[0] == open_quote:
            open_quote = ""
    return open_quote
