"""Make the released tables of retail-warehouse: choose customers, disturb, rename, work the answers out, measure, gate.

Theory of operation. The source is a public export of a shop's invoices. The answers follow from the released tables by
the rules of the brief, so nobody gains by knowing the source, and everything may be disturbed before they are worked
out. What stays true is what makes such exports hard: lines that stand there twice, returns that are booked months
later, fees among goods, products under several names, lines of nobody. The answers are made here in plain Python, so
that they do not share a mistake with a query.

`prepare` runs in a container without network. It must give the same bytes for the same input: `checksums.toml` pins
them.
"""

import csv
import hashlib
import hmac
import json
import lzma
import math
import re
import tomllib
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from statistics import pstdev
from typing import Any

HERE = Path(__file__).resolve().parent
OPEN_KEY = b"retail-warehouse: the open demonstration key, known to everybody who has the repository"
LEAST_KEY_BYTES = 32
LOOKED_UP = 500
GOODS = re.compile(r"\d{5}")
WORDS = re.compile(r"[^A-Z0-9]+")

Policy = dict[str, Any]
Row = dict[str, str]


class ReleaseRefusedError(Exception):
    """The data must not be released; the message says which rule it breaks and by how much."""


@dataclass(frozen=True)
class Line:
    """One line of an invoice; before and after it was disturbed."""

    invoice: str
    customer: str
    """Empty where nobody is known."""
    at: datetime
    product: str
    quantity: int
    """Below zero for a return."""
    pence: int
    """For one piece."""


def prepare(raw: Path, public: Path, private: Path) -> None:
    """Write the files of both areas.

    Args:
        raw: Holds the package and, if the team has its own secret, the key file that the policy names.
        public: Gets invoices.csv, lines.csv, products.csv, sample_submission.csv and privacy.json.
        private: Gets answers.csv.

    Raises:
        ReleaseRefusedError: A column has no rule, the key is too short, or the gate of the policy is not met.
    """
    policy = tomllib.loads((HERE.parent / "privacy.toml").read_text(encoding="utf-8"))
    key, kind = read_key(raw / policy["release"]["key_file"])
    lines, names, everybody = read_source(raw, policy, key)
    released = [disturb(line, policy["release"], key) for line in lines]
    kinds = {pseudonym(key, "product", code): kind_of(code) for code in names}
    found = {"linked_share": linked(key, released, everybody)}
    refuse_risky(found, policy["gate"])
    report = {"key": kind, "customers": len({line.customer for line in released} - {""}), **found}
    (public / "privacy.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    write_tables(public, released, wordings(key, names), key)
    answers = revenue(released, kinds)
    slots = [{"slot": slot, "pence": str(pence)} for slot, pence in sorted(answers.items())]
    write(public / "sample_submission.csv", [{**slot, "pence": "0"} for slot in slots])
    write(private / "answers.csv", slots)


def read_key(path: Path) -> tuple[bytes, str]:
    """Read the secret that decides names, choice and noise; "own" is a team's, "open" is known to all."""
    if not path.exists():
        return OPEN_KEY, "open"
    key = path.read_bytes().strip()
    if len(key) < LEAST_KEY_BYTES:
        msg = f"{path.name} holds {len(key)} bytes; put at least {LEAST_KEY_BYTES} random ones there."
        raise ReleaseRefusedError(msg)
    return key, "own"


def share(key: bytes, purpose: str, *value: object) -> float:
    """A number in [0, 1) that nobody can compute without the key; each purpose has its own numbers."""
    text = "\x00".join(map(str, (purpose, *value)))
    return int.from_bytes(hmac.digest(key, text.encode(), hashlib.sha256)[:6]) / 2**48


def pseudonym(key: bytes, domain: str, value: str) -> str:
    """The name that a customer, invoice or product has in all tables; one key, a domain for each."""
    made = hmac.digest(key, f"name\x00{domain}\x00{value}".encode(), hashlib.sha256).hex()
    return f"{domain[0].upper()}{made[:9]}"


def read_source(
    raw: Path, policy: Policy, key: bytes
) -> tuple[list[Line], dict[str, set[str]], dict[str, tuple[float, ...]]]:
    """What is chosen of the source.

    Returns:
        Its lines; every wording of their products by code; what an attacker knows of every customer of the source.
    """
    of: dict[str, list[Line]] = defaultdict(list)
    names: dict[str, set[str]] = defaultdict(set)
    nobody = []
    release = policy["release"]
    for row in source_rows(raw, policy):
        line = line_of(row)
        names[line.product].add(row["Description"])
        if line.customer:
            of[line.customer].append(line)
        elif share(key, "nobody", line.invoice) < release["nobody_share"]:
            nobody.append(line)
    chosen = [line for name, lines in of.items() if is_chosen(name, lines, release, key) for line in lines]
    made = [line for line in chosen if is_kept(line, release, key)] + nobody
    wanted = {line.product for line in made}
    return made, {code: names[code] for code in wanted}, {name: traits(lines) for name, lines in of.items()}


def source_rows(raw: Path, policy: Policy) -> Iterator[Row]:
    """Rows of the package's table, as text.

    Raises:
        ReleaseRefusedError: A column has no rule, or a rule has no column.
    """
    source = tomllib.loads((HERE.parent / "sources.toml").read_text(encoding="utf-8"))["source"]["orders"]
    with (
        zipfile.ZipFile(raw / source["file"]) as package,
        package.open(source["file_inside"]) as packed,
        lzma.open(packed, "rt", encoding="utf-8", newline="") as text,
    ):
        rows = csv.DictReader(text)
        differing = sorted(set(rows.fieldnames or ()) ^ set(policy["columns"]))
        if differing:
            msg = (
                f"Columns without a rule in privacy.toml, or rules without a column: {', '.join(differing)}."
            )
            raise ReleaseRefusedError(msg)
        yield from rows


def line_of(row: Row) -> Line:
    """A row of the source; its prices are in pounds, its times to the minute."""
    return Line(
        invoice=row["Invoice"],
        customer=row["Customer ID"],
        at=moment(row["InvoiceDate"]),
        product=row["StockCode"],
        quantity=int(row["Quantity"]),
        pence=round(float(row["Price"]) * 100),
    )


@cache
def moment(text: str) -> datetime:
    """A time of the source, such as 12/1/2009 7:45."""
    return datetime.strptime(text, "%m/%d/%Y %H:%M")  # noqa: DTZ007  a shop's clock, without a zone, as it is released


def is_chosen(customer: str, lines: list[Line], release: Policy, key: bytes) -> bool:
    """Whether a customer is in the release: of a size that many have, and rather who ever returned something."""
    if not release["fewest_lines"] <= len(lines) <= release["most_lines"]:
        return False
    returned = any(line.quantity < 0 for line in lines)
    return share(key, "choose", customer) < release["returned_share" if returned else "other_share"]


def is_kept(line: Line, release: Policy, key: bytes) -> bool:
    """Whether a customer's line is released: by product, so that returns stay with their sales, and by week."""
    return (
        share(key, "thin", line.customer, line.product) < release["basket_share"]
        and share(key, "skip", line.customer, week_of(line)) < release["weeks_share"]
    )


def week_of(line: Line) -> int:
    """A number for the week of a line, Monday to Sunday."""
    return line.at.date().toordinal() // 7


def disturb(line: Line, release: Policy, key: bytes) -> Line:
    """The line as it is released: other names, days, quantities and prices.

    What belongs together moves together: a customer's quantities of one product, and a customer's days of one week,
    so that a return still fits its sale.
    """
    weeks = math.floor(share(key, "weeks", line.customer) * release["shift_weeks"])
    reach = release["jitter_days"]
    days = math.floor(share(key, "days", line.customer, week_of(line)) * (2 * reach + 1)) - reach
    doublings = (2 * share(key, "units", line.customer, line.product) - 1) * release["quantity_doublings"]
    pieces = max(1, round(abs(line.quantity) * 2**doublings))
    factor = 2 ** ((2 * share(key, "price", line.product) - 1) * release["price_doublings"])
    return Line(
        invoice=("C" if line.invoice.startswith("C") else "") + pseudonym(key, "invoice", line.invoice),
        customer=pseudonym(key, "customer", line.customer) if line.customer else "",
        at=line.at + timedelta(days=7 * weeks + days),
        product=pseudonym(key, "product", line.product),
        quantity=pieces if line.quantity > 0 else -pieces,
        pence=max(1, round(line.pence * factor)) if line.pence > 0 else 0,
    )


def kind_of(code: str) -> str:
    """What a code of the source stands for; goods have five digits."""
    if GOODS.match(code):
        return "goods"
    kinds = {
        "POST": "postage",
        "DOT": "postage",
        "C2": "postage",
        "D": "discount",
        "M": "manual",
        "m": "manual",
    }
    return kinds.get(code, "other")


def wordings(key: bytes, names: dict[str, set[str]]) -> list[Row]:
    """The catalogue: a row for each wording that a product had; the wordings themselves are numbers."""
    return [
        {"product": pseudonym(key, "product", code), "wording": str(number), "kind": kind_of(code)}
        for code, said in names.items()
        for number in range(1, len({WORDS.sub(" ", name.upper()).strip() for name in said}) + 1)
    ]


def slot_of(customer: str, at: datetime) -> str:
    """The row of an answer: a customer's quarter."""
    return f"{customer}-{at.year}Q{(at.month + 2) // 3}"


def revenue(lines: list[Line], kinds: dict[str, str]) -> dict[str, int]:
    """Pence by customer and quarter, for every quarter in which a known customer has an invoice.

    A line counts once. Goods and discounts count. A return is taken off in the quarter of its sale: the last one
    before it, or at the same minute, of the same customer and product at the same price; one without is not counted.
    """
    first: dict[str, datetime] = {}
    for line in lines:
        first[line.invoice] = min(first.get(line.invoice, line.at), line.at)
    brought = {slot_of(line.customer, first[line.invoice]): 0 for line in lines if line.customer}
    sales: dict[tuple[str, str, int], list[datetime]] = defaultdict(list)
    once = {(line.invoice, line.product, line.quantity, line.pence): line for line in lines}.values()
    counted = [line for line in once if line.customer and kinds[line.product] in {"goods", "discount"}]
    for line in counted:
        if line.quantity > 0:
            sales[line.customer, line.product, line.pence].append(first[line.invoice])
    for line in counted:
        at = first[line.invoice]
        if kinds[line.product] == "goods" and line.quantity < 0:
            before = [sold for sold in sales[line.customer, line.product, line.pence] if sold <= at]
            if not before:
                continue
            at = max(before)
        brought[slot_of(line.customer, at)] += line.quantity * line.pence
    return brought


def traits(lines: list[Line]) -> tuple[float, ...]:
    """What survives the noise of a customer: counts, and how long and how often they bought."""
    days = {line.at.date() for line in lines}
    return (
        math.log2(len({line.invoice for line in lines})),
        math.log2(len(lines)),
        math.log2(len({line.product for line in lines})),
        math.log2(sum(abs(line.quantity) for line in lines)),
        math.log2(1 + sum(line.quantity < 0 for line in lines)),
        math.log2(1 + (max(days) - min(days)).days),
    )


def linked(key: bytes, released: Iterable[Line], everybody: dict[str, tuple[float, ...]]) -> float:
    """The share of some released customers whose nearest customer of the source, by traits, is their own."""
    of: dict[str, list[Line]] = defaultdict(list)
    for line in released:
        of[line.customer].append(line)
    units = [pstdev(column) for column in zip(*everybody.values(), strict=True)]
    place = {
        name: [value / unit for value, unit in zip(seen, units, strict=True)]
        for name, seen in everybody.items()
    }
    own = {pseudonym(key, "customer", name): name for name in everybody}
    some = sorted(set(of) - {""})[:LOOKED_UP]
    right = 0
    for name in some:
        seen = [value / unit for value, unit in zip(traits(of[name]), units, strict=True)]
        nearest = min(place.items(), key=lambda other: math.dist(other[1], seen))[0]
        right += nearest == own[name]
    return round(right / len(some), 3)


def refuse_risky(found: dict[str, float], gate: dict[str, float]) -> None:
    """The release gate.

    Raises:
        ReleaseRefusedError: With every rule that is broken.
    """
    broken = [f"{name} is {found[name]}, above {most}" for name, most in gate.items() if found[name] > most]
    if broken:
        msg = f"Not released: {'; '.join(broken)}. Add noise, or take rows out, in privacy.toml."
        raise ReleaseRefusedError(msg)


def write_tables(public: Path, lines: list[Line], catalogue: list[Row], key: bytes) -> None:
    """Write the three tables, their rows in an order that only the key decides."""
    first: dict[str, Line] = {}
    for line in lines:
        if line.invoice not in first or line.at < first[line.invoice].at:
            first[line.invoice] = line
    invoices = [
        {"invoice": name, "customer": line.customer, "invoiced_at": line.at.isoformat(" ", "minutes")}
        for name, line in first.items()
    ]
    rows = [
        {
            "invoice": line.invoice,
            "product": line.product,
            "quantity": str(line.quantity),
            "pence": str(line.pence),
        }
        for line in lines
    ]
    for name, table in (("invoices", invoices), ("lines", rows), ("products", catalogue)):
        write(public / f"{name}.csv", sorted(table, key=lambda row: share(key, "order", *row.values())))


def write(path: Path, rows: list[Row]) -> None:
    """Write a table; the first row has the names of its columns."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
