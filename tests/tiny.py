"""A challenge so small that a whole run takes seconds, stored directly; and submissions to it."""

import io
import zipfile
from typing import Any

from audition import codec
from audition.domain.challenge import Area, ChallengeVersion, DataFile, Manifest
from audition.domain.execution import Limits
from audition.domain.people import Principal, PrincipalKind
from audition.domain.run import Stage
from audition.ports import Ports
from tests import factories

ROWS = 40
#: Nobody but the score container may ever see this; it stands in the answers as a column of its own.
CANARY = "canary-7d1f-of-the-answers"

GOOD = """
import csv
with open("/in/test.csv") as source, open("/out/predictions.csv", "w") as sink:
    sink.write("id,probability\\n")
    for row in csv.DictReader(source):
        sink.write(f"{row['id']},{float(row['a']) / 100}\\n")
"""


def principal(invitation_id: str = "inv_1") -> Principal:
    """The candidate whom `store_tiny` invites."""
    return Principal(
        kind=PrincipalKind.CANDIDATE, subject_id=invitation_id, name="Cleo", session_id="ses_tiny"
    )


def archive(script: str = GOOD, recipe: str = "FROM debian:12\nUSER 1000\n") -> bytes:
    """A submission whose predict.py is this."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("predict.py", script)
        made.writestr("Dockerfile", recipe)
    return buffer.getvalue()


def store_tiny(
    ports: Ports, attempts: int = 9, *, more: tuple[DataFile, ...] = (), **overrides: Any
) -> ChallengeVersion:
    """Store the challenge, a candidate and an invitation.

    Args:
        ports: Where to.
        attempts: Of the candidate.
        more: Files of the version besides its own.
        overrides: Of the manifest.
    """
    manifest = factories.make_manifest(
        image="tabular",
        limits={Stage.PREDICT: Limits(time_seconds=60.0, memory_bytes=256 << 20)},
        **overrides,
    )
    test = "id,a\n" + "".join(f"{n},{n}\n" for n in range(ROWS))
    answers = "id,defaulted,note\n" + "".join(
        f"{n},{int(n * 7 % 10 + n > ROWS / 2)},{CANARY}\n" for n in range(ROWS)
    )
    files = tuple(
        DataFile(area=area, name=name, digest=ports.blobs.put(text.encode()), bytes=len(text))
        for area, name, text in (
            (Area.PUBLIC, "test.csv", test),
            (Area.PRIVATE, "answers.csv", answers),
        )
    )
    return store_version(ports, manifest, (*files, *more), attempts)


def store_version(
    ports: Ports, manifest: Manifest, files: tuple[DataFile, ...], attempts: int = 9
) -> ChallengeVersion:
    """Store a challenge of these files, a candidate and an invitation."""
    now = ports.clock.now()
    version = factories.make_version(
        manifest=manifest,
        manifest_digest=ports.blobs.put(codec.to_json(manifest)),
        files=files,
        kit_digest=ports.blobs.put(b"no kit"),
        published_at=now,
    )
    with ports.unit_of_work() as uow:
        uow.challenges.add(version)
        uow.people.add_candidate(factories.make_candidate())
        uow.people.add_invitation(
            factories.make_invitation(
                attempts=attempts, created_at=now, expires_at=now.replace(year=now.year + 1)
            )
        )
        uow.commit()
    return version
