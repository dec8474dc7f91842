"""What becomes of the text of mails: what has a form goes by it, names by the headers, and rare words by count.

Four steps, in this order. (1) What has a form is found by it: links and addresses become surrogates that the key
decides, so that two mails still show one address; of numbers only the form is left, "+1 617 555" is "+9 999 999".
(2) Names of people have no form, but this corpus names its people: every display name of every header, and the names in
addresses, is a name wherever it stands with a capital. (3) A word that mails of few senders use becomes "…". (4) The
rest is cut to a length.
"""

import email
import email.header
import hashlib
import hmac
import html
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message
from typing import Any

RARE = "…"
#: A word is an ordinary one when so many times the least number of senders write it without a capital.
COMMON = 3
#: Headers with people; mailing lists and servers write their own, which are not looked at.
PEOPLE = ("from", "to", "cc", "reply-to", "sender")
URL = re.compile(
    r"(?:https?|ftp)://\S+|\bwww\.\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|ie|edu|uk)\b(?:/\S*)?",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*", re.IGNORECASE)
#: A run of digits and of what stands between them in telephone numbers, amounts, dates and addresses of hosts.
NUMBER = re.compile(r"\d+")
LONG_NUMBER = re.compile(r"(?<![-0-9a-f])9(?:[ ().,/:-]{0,3}9){6,}(?![0-9a-f]{0,3}>)")
SURROGATE = re.compile(r"<(?:number|(?:mail|link)-[0-9a-f]{4})>")
WORD = re.compile(rf"{SURROGATE.pattern}|[^\W\d_]+(?:['\u2019][^\W\d_]+)?|9+|[^\w\s]")
TAG = re.compile(
    r"<(?:script|style).*?</(?:script|style)>|<!--.*?-->|<[^<>]{0,2000}>", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class Mail:
    """As much of a mail as is looked at."""

    sender: str
    """Address; "" when there is none."""
    people: tuple[str, ...]
    """Display names of all headers with people."""
    subject: str
    body: str


def read_mail(raw: str) -> Mail:
    """Headers with people, the subject, and the first part that is text."""
    message = email.message_from_string(raw)
    headers = [decoded(value) for name in PEOPLE for value in message.get_all(name, [])]
    sender = ADDRESS.search(decoded(message.get("from", "")))
    return Mail(
        sender=sender[0].lower() if sender else "",
        people=tuple(person for header in headers for person in people_in(header)),
        subject=decoded(message.get("subject", "")),
        body=body_of(message),
    )


def people_in(header: str) -> list[str]:
    """Names in a header, and what stands before the @ of its addresses.

    By patterns of our own: the standard library reads broken headers differently from one version to the next.
    """
    names = re.split(r"[,;:<>\"()\[\]\n]", ADDRESS.sub(",", header))
    return [
        *(name.strip() for name in names if name.strip()),
        *(a.partition("@")[0] for a in ADDRESS.findall(header)),
    ]


def decoded(value: object) -> str:
    """A header as people read it; what cannot be decoded as it stands."""
    try:
        return str(email.header.make_header(email.header.decode_header(str(value))))
    except (LookupError, UnicodeError, email.errors.HeaderParseError):
        return str(value)


def body_of(message: Message) -> str:
    """The first plain text; else the first HTML without its tags."""
    parts = [part for part in message.walk() if part.get_content_maintype() == "text"]
    parts.sort(key=lambda part: part.get_content_subtype() != "plain")
    if not parts:
        return ""
    payload = parts[0].get_payload(decode=True)
    text = payload.decode("latin-1") if isinstance(payload, bytes) else str(payload)
    is_html = parts[0].get_content_subtype() == "html" or "<html" in text[:2000].lower()
    return html.unescape(TAG.sub(" ", text)) if is_html else text


def anonymize(mails: list[Mail], key: bytes, *, least_senders: int, most_words: int) -> list[tuple[str, str]]:
    """Subject and body of each mail as they are released; a body of which nothing is left is empty."""
    scrubbed = [(words_of(mail.subject, key), words_of(mail.body, key)) for mail in mails]
    senders, lower = (users_of(mails, scrubbed, is_lower=is_lower) for is_lower in (False, True))
    kept = {word for word, who in senders.items() if len(who) >= least_senders}
    # Names that are words as well ("Will", "New"): hidden beside another name only, or half of the words were gone.
    common = {word for word, who in lower.items() if len(who) >= COMMON * least_senders}
    names = names_in(mails)
    sure = names - common

    def released(words: list[str]) -> str:
        surely = [word[0].isupper() and plain(word) in sure for word in words]
        beside = [any(surely[max(place - 1, 0) : place + 2]) for place in range(len(words))]
        parts = (one(*parts, names, kept) for parts in zip(words, surely, beside, strict=True))
        return LONG_NUMBER.sub("<number>", " ".join(parts))

    out = []
    for subject, body in scrubbed:
        short = body[:most_words]
        has_words = any(word.lower() in kept and word.isalpha() for word in short)
        out.append((released(subject), released(short) if has_words else ""))
    return out


def users_of(
    mails: list[Mail], scrubbed: list[tuple[list[str], ...]], *, is_lower: bool
) -> dict[str, set[str]]:
    """Who uses each word, by their address: in any form, or only as it stands without a capital."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for mail, parts in zip(mails, scrubbed, strict=True):
        for word in {word for part in parts for word in part}:
            if word.islower() or not is_lower:
                found[word.lower()].add(mail.sender)
    return found


def plain(word: str) -> str:
    """A word in lower case, without the "'s" of whose it is."""
    return re.split("['\u2019]", word.lower())[0]


def one(word: str, surely: bool, beside: bool, names: set[str], kept: set[str]) -> str:  # noqa: FBT001
    """A word as it is released; whether it surely is part of a name, or stands beside one that is."""
    if SURROGATE.fullmatch(word) or not word[0].isalpha():
        return word
    if surely or (beside and word[0].isupper() and plain(word) in names):
        return "<name>"
    return word if word.lower() in kept else RARE


def names_in(mails: Iterable[Mail]) -> set[str]:
    """Every part of a name that headers have, in lower case, of three letters at least."""
    found = Counter(
        part.lower()
        for mail in mails
        for name in set(mail.people)
        for part in re.findall(r"[^\W\d_]{3,}", name)
    )
    return set(found)


def words_of(text: str, key: bytes) -> list[str]:
    """The words of a text, with surrogates in the places of links and addresses; digits are all nines."""
    text = ADDRESS.sub(lambda match: surrogate("mail", match[0], key), text)
    text = URL.sub(lambda match: surrogate("link", host_of(match[0]), key), text)
    parts = re.split(rf"({SURROGATE.pattern})", text)
    flat = "".join(part if place % 2 else NUMBER.sub(nines, part) for place, part in enumerate(parts))
    # Once as it stands, and once more between single words: "(617) 555 - 0123" is one number as well.
    for _ in range(2):
        flat = " ".join(WORD.findall(LONG_NUMBER.sub(" <number> ", flat)))
    return flat.split()


def nines(number: re.Match[str]) -> str:
    """How long a number is, up to four digits."""
    return "9" * min(len(number[0]), 4)


def host_of(link: str) -> str:
    """The part of a link that names whose it is."""
    return re.sub(r"^\w+://", "", link.lower()).partition("/")[0]


def surrogate(kind: str, thing: str, key: bytes) -> str:
    """The same for the same thing in all mails; four hexadecimal digits, which several things share."""
    return f" <{kind}-{hmac.new(key, f'{kind} {thing.lower()}'.encode(), hashlib.sha256).hexdigest()[:4]}> "


def measure(mails: list[Mail], release: list[tuple[str, str]]) -> dict[str, Any]:
    """What is left of what headers and forms tell.

    Returns:
        names: whole names (two parts or more) of a mail's own headers that stand in its text, and the share of which
            no part is left there with a capital.
        forms_left: links, addresses and runs of seven digits in the release.
        rare_share: of words, those that are released as rare.
    """
    stood = gone = 0
    for mail, (subject, body) in zip(mails, release, strict=True):
        raw, left = f"{mail.subject}\n{mail.body}", set(f"{subject} {body}".split())
        for name in {" ".join(name.split()) for name in mail.people}:
            parts = re.findall(r"[^\W\d_]{3,}", name)
            if len(parts) > 1 and name in raw:
                stood += 1
                gone += not any(part in left or part.upper() in left for part in parts if not part.islower())
    texts = [text for mail in release for text in mail]
    words = [word for text in texts for word in text.split()]
    forms = sum(len(pattern.findall(text)) for text in texts for pattern in (URL, ADDRESS, LONG_NUMBER))
    return {
        "names": {"in_texts": stood, "gone_share": round(gone / max(stood, 1), 4)},
        "forms_left": forms,
        "rare_share": round(words.count(RARE) / max(len(words), 1), 4),
    }
