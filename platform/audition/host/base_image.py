"""Get a small Debian into the engine, with a registry or without one.

`mmdebstrap` makes it from Debian's own mirrors: no container registry, and Debian's signatures vouch for
every file. Where that tool cannot be had, the engine may be able to pull Debian's official image instead.
"""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import docker

from audition.adapters.docker.image_builder import ContextFile, build, image_id, import_root, pull
from audition.domain.errors import UnavailableError
from audition.host.commands import apt_install, can_install_debian_packages, run
from audition.host.steps import HostError, Step

SUITE = "bookworm"
_PULLED = f"debian:{SUITE}-slim"
_DEBIAN_ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*", "/usr/share/info/*")

_PULLED_DOCKERFILE = """\
FROM {image}
RUN apt-get update && DEBIAN_FRONTEND=noninteractive \
apt-get install -y --no-install-recommends {packages} && rm -rf /var/lib/apt/lists/*
"""


def ensure_debian(
    step: Step, client: docker.APIClient, packages: Sequence[str], architecture: str, scratch_dir: Path
) -> str:
    """Return the reference of an image that holds a minimal Debian and some packages.

    Args:
        step: Told what happens.
        client: The engine.
        packages: Names of Debian packages.
        architecture: Of the engine: x86_64 or aarch64.
        scratch_dir: For the root file system's tar, about 200 MB for a minute.

    Raises:
        HostError: Neither way works here.
    """
    recipe = "\n".join([SUITE, architecture, *sorted(packages), *_LEFT_OUT])
    reference = f"audition/debian:{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    if image_id(client, reference) is not None:
        return reference
    reasons: list[str] = []
    for way in (_bootstrap, _pull):
        try:
            way(step, client, packages, architecture, scratch_dir, reference)
        except UnavailableError as error:
            reasons.append(error.detail)
            step.note(f"not this way: {error.detail.splitlines()[0]}")
        else:
            return reference
    raise HostError(
        "No way to get a Debian base image here:\n" + "\n".join(f"  - {reason}" for reason in reasons),
        fix="Do one of these and run it again: run as root on Debian or Ubuntu with network; have an administrator "
        "install mmdebstrap; let the engine pull from a registry or a mirror of one; or load an image made on "
        f"another machine: docker save {reference} | docker load",
    )


def _bootstrap(
    step: Step, client: docker.APIClient, packages: Sequence[str], architecture: str, scratch_dir: Path, reference: str
) -> None:
    debian_architecture = _DEBIAN_ARCHITECTURE.get(architecture)
    if debian_architecture is None:
        raise HostError(f"No recipe for the architecture {architecture}")
    if shutil.which("mmdebstrap") is None:
        if not can_install_debian_packages():
            raise HostError("mmdebstrap is not installed, and installing it takes root and apt-get")
        apt_install(step, "mmdebstrap", "debian-archive-keyring")
    scratch_dir.mkdir(parents=True, exist_ok=True)
    root_tar = scratch_dir / f"{reference.rsplit(':', 1)[1]}.tar"
    step.note(f"mmdebstrap: Debian {SUITE} with {', '.join(packages)} (about a minute)")
    try:
        run(
            [
                *("mmdebstrap", "--quiet", "--variant=minbase", f"--architectures={debian_architecture}"),
                f"--include={','.join(packages)}",
                *(f"--dpkgopt=path-exclude={path}" for path in _LEFT_OUT),
                *(SUITE, str(root_tar), *_own_sources()),
            ],
            what="mmdebstrap could not make a Debian root file system",
        )
        step.note("importing it into the engine")
        import_root(client, root_tar, reference)
    finally:
        root_tar.unlink(missing_ok=True)


def _own_sources() -> list[str]:
    """Return this machine's own package sources when it runs the same Debian: its mirror is one that answers."""
    release = Path("/etc/os-release")
    if not release.exists():
        return []
    facts = release.read_text(encoding="utf-8").splitlines()
    if "ID=debian" not in facts or f"VERSION_CODENAME={SUITE}" not in facts:
        return []
    usual = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
    return [str(path) for path in usual if path.exists() and path.stat().st_size > 0][:1]


def _pull(
    step: Step, client: docker.APIClient, packages: Sequence[str], _architecture: str, _scratch: Path, reference: str
) -> None:
    step.note(f"pulling {_PULLED}")
    pull(client, _PULLED)
    text = _PULLED_DOCKERFILE.format(image=_PULLED, packages=" ".join(packages))
    build(
        client,
        [ContextFile("Dockerfile", text.encode())],
        reference,
        build_args={},
        on_line=lambda line: step.note(line) if line.startswith("Step ") else None,
        network="default",
    )
