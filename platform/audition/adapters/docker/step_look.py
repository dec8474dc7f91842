"""Look at a step of a build from inside: what keeps it in is the engine's choice, so it has to be seen, not asked for.

Theory of operation. The classic builder runs each step in a container, and takes neither a system call filter nor
other security options for it: the engine's own defaults hold. An engine that Audition starts has ours as defaults
(`host/engine.py`); any other has what its operator chose. So a step is built that looks at itself.
"""

import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import docker

from audition.adapters.docker.failures import engine_errors
from audition.domain.errors import UnavailableError

_MARK = "audition-step: "
#: PTRACE_TRACEME, which the engine's usual filter allows and ours refuses.
_LOOK = """
import ctypes, json, os
status = dict(line.rstrip().split(":", 1) for line in open("/proc/self/status"))
libc = ctypes.CDLL(None, use_errno=True)
number = {"x86_64": 101, "aarch64": 117}[os.uname().machine]
traced = libc.syscall(number, 0, 0, 0, 0)
print("audition-step: " + json.dumps({
    "seccomp": int(status["Seccomp"]),
    "no_new_privileges": int(status["NoNewPrivs"]),
    "capabilities": bin(int(status["CapEff"], 16)).count("1"),
    "refused": traced,
}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWalls:
    """What stands between a step of a build and the host, besides its namespaces."""

    is_filtered: bool
    is_ours: bool
    """Whether the filter is as strict as that of candidates' containers."""
    has_no_new_privileges: bool
    capabilities: int
    """How many; root in a step needs some to install and to change owners."""

    def __str__(self) -> str:
        """One line, for reports and for `audition doctor`."""
        whose = "our" if self.is_ours else "the engine's"
        calls = f"{whose} filter of system calls" if self.is_filtered else "no filter of system calls"
        rights = "no new privileges" if self.has_no_new_privileges else "setuid programs work"
        return f"{calls}, {rights}, {self.capabilities} capabilities"


def build_lines(
    client: docker.APIClient,
    lines: Sequence[str],
    **options: Any,  # noqa: ANN401  docker-py's own
) -> Iterator[Mapping[str, Any]]:
    """Build a Dockerfile of ours that needs no files; what the builder says."""
    context, content = io.BytesIO(), "\n".join(lines).encode()
    with tarfile.open(fileobj=context, mode="w") as tar:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    context.seek(0)
    said: Iterator[Mapping[str, Any]] = client.build(
        fileobj=context, custom_context=True, decode=True, forcerm=True, use_config_proxy=False, **options
    )
    return said


def look_at_a_step(client: docker.APIClient, image: str) -> StepWalls:
    """Build one step on an image and say what it saw.

    Raises:
        UnavailableError: The engine failed, or the step did.
    """
    said: list[str] = []
    made: list[str] = []
    with engine_errors("looking at a step of a build"):
        known = str(client.inspect_image(image)["Id"])  # type: ignore[no-untyped-call]
        lines = [f"FROM {known}", "RUN " + json.dumps(["python3", "-I", "-c", _LOOK])]
        for event in build_lines(client, lines, nocache=True, network_mode="none"):
            said.extend(str(event.get("stream", event.get("error", ""))).splitlines())
            made.extend([event["aux"]["ID"]] if "ID" in (event.get("aux") or {}) else [])
        for built in made:
            client.remove_image(built, force=True)
    answer = next((line.removeprefix(_MARK) for line in said if line.startswith(_MARK)), None)
    if answer is None:
        msg = f"A step of a build could not be looked at: {' '.join(said[-3:])}"
        raise UnavailableError(msg, code="engine-failed")
    facts = json.loads(answer)
    return StepWalls(
        is_filtered=facts["seccomp"] == 2,  # noqa: PLR2004  SECCOMP_MODE_FILTER
        is_ours=facts["refused"] == -1,
        has_no_new_privileges=facts["no_new_privileges"] == 1,
        capabilities=facts["capabilities"],
    )
