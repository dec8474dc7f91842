"""Make `raw/example.csv`: messages that are made up, so that this folder works before your own data is in it.

Put your own table into `raw/`, name it in `sources.toml` and `privacy.toml`, and delete this file. Messages of people
hold names and addresses: `audition anonymize` finds those that have a form (docs/anonymization.md).

    python data/make_example.py data/raw/example.csv
"""

import csv
import random
import sys
from pathlib import Path

MESSAGES = 1200
#: What each team's messages are about; some of it is said to two teams.
SUBJECTS = {
    "billing": [
        "invoice",
        "refund",
        "credit card",
        "VAT number",
        "charge",
        "payment",
        "receipt",
        "price on the invoice",
    ],
    "access": [
        "password",
        "login",
        "two-factor code",
        "locked account",
        "single sign-on",
        "permission",
        "invitation mail",
    ],
    "bugs": [
        "error 500",
        "crash",
        "blank page",
        "export",
        "slow report",
        "broken link",
        "login page",
        "payment page",
    ],
    "sales": ["upgrade", "quote", "larger plan", "trial", "discount", "price", "demo", "seats for my team"],
}
OPENINGS = ["Hi,", "Hello team,", "Good morning,", "Urgent:", "", "Quick question.", "Again:"]
ASKED = [
    "I have a question about the {0}.",
    "the {0} does not look right since {1}.",
    "can somebody look at our {0}?",
    "we need help with the {0}, please.",
    "what happened to the {0} on {1}?",
    "{1} we talked about the {0}, and nothing came of it.",
]
DAYS = ["Monday", "Tuesday", "yesterday", "last week", "the update", "March"]
ENDINGS = ["Thanks!", "Regards", "We wait for an answer.", "It is not urgent.", "", "The customer is angry."]
MISLABELLED = 0.06


def message(number: int, dice: random.Random) -> list[str]:
    """One row."""
    team = dice.choice(list(SUBJECTS))
    asked = dice.choice(ASKED).format(dice.choice(SUBJECTS[team]), dice.choice(DAYS))
    if dice.random() < 0.35:
        other = dice.choice(list(SUBJECTS))
        asked += f" By the way, the {dice.choice(SUBJECTS[other])} is fine now."
    said = " ".join(part for part in (dice.choice(OPENINGS), asked, dice.choice(ENDINGS)) if part)
    # People who sort messages err, too.
    team = dice.choice(list(SUBJECTS)) if dice.random() < MISLABELLED else team
    return [f"T{number:05}", said, team]


def main(path: Path) -> None:
    """Write the table."""
    dice = random.Random(20240502)  # noqa: S311  an example and no secret
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("ticket", "message", "team"))
        writer.writerows(message(number, dice) for number in range(1, MESSAGES + 1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
