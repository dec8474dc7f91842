"""A small world for the site: people, a challenge, and submissions in every state, over in-memory adapters.

Alice and Rita review, Bob writes challenges, Olga operates; Carol and Dave are candidates of the same challenge.
"""

import tempfile
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from audition.adapters.memory import (
    FixedClock,
    MemoryBlobs,
    MemoryDatabase,
    MemoryMailer,
    MemoryQueue,
    PlainPasswords,
    SeededTokens,
    memory_storage,
)
from audition.domain.people import Role
from audition.ports import Ports
from audition.services.sign_in import token_digest
from audition.settings import Settings
from audition.web.app import create_app
from tests import factories

_CHALLENGE = Path(__file__).parents[2] / "challenges" / "credit-scoring"
PASSWORD = "correct horse battery staple"
STAFF = {"alice": Role.REVIEWER, "rita": Role.REVIEWER, "bob": Role.AUTHOR, "olga": Role.OPERATOR}
#: Candidate to the last part of their invitation link.
LINKS = {"carol": "carol-link-token", "dave": "dave-link-token"}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The site and the things behind it that a test wants to touch."""

    app: Flask
    ports: Ports
    clock: FixedClock
    queue: MemoryQueue

    def client(self) -> FlaskClient:
        """A browser, or a program, that nobody has signed in."""
        return self.app.test_client()


def settings_for(folder: Path, **overrides: object) -> Settings:
    """Settings for tests; rates are out of the way unless a test sets them."""
    settings = Settings(
        data_dir=folder,
        public_url="http://localhost",
        sign_in_rate="1000 per minute",
        upload_rate="1000 per minute",
        api_rate="100000 per minute",
        upload_max_bytes=1 << 20,
    )
    return replace(settings, **overrides)  # type: ignore[arg-type]


def make_ports(clock: FixedClock, queue: MemoryQueue) -> Ports:
    """Ports over in-memory adapters."""
    return Ports(
        unit_of_work=memory_storage(MemoryDatabase(), queue),
        blobs=MemoryBlobs(),
        queue=queue,
        clock=clock,
        tokens=SeededTokens(),
        passwords=PlainPasswords(),
        mailer=MemoryMailer(),
    )


def make_world(folder: Path | None = None, **settings: object) -> World:
    """A site with people and a published challenge, and no submission yet."""
    clock, queue = FixedClock(factories.NOW), MemoryQueue()
    ports = make_ports(clock, queue)
    with ports.unit_of_work() as uow:
        uow.challenges.add(
            factories.make_version(
                kit_digest=ports.blobs.put(b"PK the kit"),
                # As long as real ones are.
                brief=(_CHALLENGE / "brief.md").read_text(),
                datacard=(_CHALLENGE / "datacard.md").read_text(),
            )
        )
        for name, role in STAFF.items():
            uow.people.add_staff(
                factories.make_staff(
                    id=f"usr_{name}",
                    email=f"{name}@example.org",
                    name=name.capitalize(),
                    password_hash=ports.passwords.hash(PASSWORD),
                    roles=frozenset({role}),
                )
            )
        for name, token in LINKS.items():
            uow.people.add_candidate(
                factories.make_candidate(
                    id=f"can_{name}",
                    email=f"{name}@example.org",
                    name=f"{name.capitalize()} Candidate",
                    alias={"carol": "Teal Heron 214", "dave": "Plum Wren 530"}[name],
                )
            )
            uow.people.add_invitation(
                factories.make_invitation(
                    id=f"inv_{name}",
                    candidate_id=f"can_{name}",
                    token_digest=token_digest(token),
                    expires_at=factories.NOW + timedelta(days=12, hours=3),
                )
            )
        uow.commit()
    app = create_app(ports, settings_for(folder or Path(tempfile.mkdtemp()), **settings))
    return World(app=app, ports=ports, clock=clock, queue=queue)
