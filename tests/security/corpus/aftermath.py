"""What must hold after every attack, whatever it did: U1 to U8 of the security notes, in one place."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import docker

from audition import codec
from audition.adapters.docker.translate import CANDIDATE_UID, LABEL_INSTANCE, TRUSTED_UID
from audition.domain.run import Fault, Verdict
from audition.domain.submission import State
from tests.security.corpus.proving_ground import CANARY, SECRET, Ground, Outcome

ENDS = (State.GRADED, State.REJECTED, State.ERRORED, State.CANCELLED)
_PAGE = os.sysconf("SC_PAGE_SIZE")
_LEFT_SECONDS = 60.0
_MOST_MEMORY = 64 << 20
_MOST_DISK = 24 << 20
#: What attacks make where their commands run, which must be no place of the host.
_MARKS = (Path("/tmp/owned"), Path("/out"), Path("/submission"))
_HOST_FILES = (
    "/etc/passwd",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/hostname",
    "/usr/bin/docker-init",
    "/usr/bin/tini-static",
    "/usr/bin/runc",
    "/usr/sbin/runc",
)


class Canaries:
    """Files on the host that anybody may change, so that only isolation keeps them as they are."""

    def __init__(self, folder: Path) -> None:
        """Put some out, writable by the whole world."""
        self.folder = folder
        self.folder.mkdir()
        self.folder.chmod(0o777)
        for name in ("data.csv", "id_rsa", "predictions.csv"):
            path = self.folder / name
            path.write_text(f"the host's own {name}\n")
            path.chmod(0o666)
        self._before = self.look()

    def look(self) -> dict[str, str]:
        """Content and mode of each, and of some files of the host that everybody relies on."""
        there = [path for path in map(Path, _HOST_FILES) if path.exists()]
        paths = [*sorted(self.folder.iterdir()), *there]
        return {str(p): f"{p.stat().st_mode:o} {sha256(p.read_bytes()).hexdigest()}" for p in paths}

    def changed(self) -> list[str]:
        """What is not as it was, and what commands hidden in data would have made."""
        after = {**self.look(), **{str(path): "made" for path in _MARKS if path.exists()}}
        return sorted(p for p in self._before.keys() | after.keys() if self._before.get(p) != after.get(p))


def memory_bytes() -> int:
    """Resident memory of this process, which is the worker."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def disk_bytes(folder: Path) -> int:
    """Bytes in the files of a folder; one may go while we look."""
    total = 0
    for top, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(top, name).lstat().st_size
            except FileNotFoundError:
                continue
    return total


@dataclass
class Watch:
    """Looks at the host before an attack and after it."""

    ground: Ground
    client: docker.APIClient
    canaries: Canaries
    scanned: set[str] = field(default_factory=set)

    @contextmanager
    def over(self) -> Iterator[list[str]]:
        """Watch what happens inside; the list holds what is wrong with the host afterwards."""
        troubles: list[str] = []
        networks = self._networks()
        memory, disk = memory_bytes(), disk_bytes(self.ground.folder)
        yield troubles
        if changed := self.canaries.changed():
            troubles.append(f"U2: changed on the host: {changed}")
        if left := self._await_nothing():
            troubles.append(f"U3: left behind: {left}")
        if self._networks() != networks:
            troubles.append("U3: networks have changed")
        if (grown := memory_bytes() - memory) > _MOST_MEMORY:
            troubles.append(f"U5: the worker grew by {grown:,} bytes")
        if (grown := disk_bytes(self.ground.folder) - disk) > _MOST_DISK:
            troubles.append(f"U5: the data folder grew by {grown:,} bytes")
        troubles += [f"U6: {place} holds a canary" for place in self._tainted()]

    def _networks(self) -> set[str]:
        return {network["Id"] for network in self.client.networks()}

    def _await_nothing(self) -> list[str]:
        until = time.monotonic() + _LEFT_SECONDS
        while (left := self.left()) and time.monotonic() < until:
            time.sleep(0.2)
        return left

    def left(self) -> list[str]:
        """Containers, volumes, mounts and processes of this pipeline."""
        labels = {"label": f"{LABEL_INSTANCE}={self.ground.instance}"}
        containers = [f"container {c['Id'][:12]}" for c in self.client.containers(all=True, filters=labels)]
        names = [v["Name"] for v in self.client.volumes(filters=labels).get("Volumes") or []]
        runs = self._runs()
        lines = Path("/proc/mounts").read_text().splitlines()
        mounts = [f"mount {line}" for line in lines if any(run in line for run in runs)]
        uids = {CANDIDATE_UID + self.ground.slot, TRUSTED_UID + self.ground.slot}
        return [*containers, *(f"volume {name}" for name in names), *mounts, *_processes(uids)]

    def _runs(self) -> list[str]:
        with self.ground.ports.unit_of_work() as uow:
            return [uow.runs.latest(s.id).id for s in uow.submissions.recent(2)]

    def _tainted(self) -> list[str]:
        """Files in the data folder that hold a canary and are not the answers themselves."""
        words = (CANARY.encode(), SECRET.encode())
        hidden = self.ground.hidden_digests()
        found = []
        for top, _, names in os.walk(self.ground.folder):
            for name in names:
                path = Path(top, name)
                digest = f"{path.parent.name}{name}"
                if digest in hidden or digest in self.scanned:
                    continue
                if any(word in path.read_bytes() for word in words):
                    found.append(str(path))
                elif "blobs" in path.parts:  # A blob never changes; everything else does.
                    self.scanned.add(digest)
        return found


def _processes(uids: set[int]) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid in uids:
                found.append(f"process {folder.name} {(folder / 'comm').read_text().strip()}")
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def troubles_of(outcome: Outcome, ends: frozenset[Verdict]) -> list[str]:
    """What is wrong with how a submission ended: U1, U6, U7 and U8.

    Args:
        outcome: How it ended.
        ends: Verdicts that are right; none when the archive has to be refused.
    """
    return [*_verdict(outcome, ends), *_words(outcome), *_terminal(outcome), *_audited(outcome)]


def _verdict(outcome: Outcome, ends: frozenset[Verdict]) -> list[str]:
    run, state = outcome.run, outcome.submission.state
    # Of a refused archive nothing ran, so there is nothing to give a verdict on.
    wanted: frozenset[Verdict | None] = ends or frozenset({None})
    right_state = State.GRADED if ends else State.REJECTED
    if state == right_state and run.verdict in wanted and run.fault != Fault.PLATFORM and run.losses == 0:
        return []
    return [f"U1: {state} with {run.verdict} ({run.fault}, {run.losses} losses): {outcome.said}"]


def _words(outcome: Outcome) -> list[str]:
    documents = [codec.to_json(outcome.report), codec.to_json(outcome.seen)]
    return [
        f"U6: a report holds {word}"
        for word in (CANARY, SECRET)
        if any(word.encode() in document for document in documents)
    ]


def _terminal(outcome: Outcome) -> list[str]:
    ends = [entry.action for entry in outcome.audit if entry.action.rpartition("->")[2] in ENDS]
    graders = Counter(grade.grader for grade in outcome.report.grades)
    troubles = [] if len(ends) == 1 else [f"U7: ends {ends}"]
    if outcome.submission.state == State.GRADED and set(graders.values()) != {1}:
        troubles.append(f"U7: grades {graders}")
    return troubles


def _audited(outcome: Outcome) -> list[str]:
    moves = [entry for entry in outcome.audit if "->" in entry.action]
    states = [State.RECEIVED, *(State(entry.action.rpartition("->")[2]) for entry in moves)]
    starts = [State(entry.action.partition("->")[0]) for entry in moves]
    if starts != states[:-1] or states[-1] != outcome.submission.state:
        return [f"U8: the audit log tells {[e.action for e in moves]}"]
    return [f"U8: {e.action} without a reason" for e in moves if not e.reason.strip() or not e.actor]
