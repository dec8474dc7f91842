"""Get a small Debian into the engine, with a registry or without one.

`mmdebstrap` makes it from Debian's own mirrors: no container registry, and Debian's signatures vouch for
every file. Where that tool cannot be had, the engine may be able to pull Debian's official image instead.
"""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import docker

from audition.adapters.docker.image_builder import (
    BuildSource,
    ContextFile,
    build,
    image_id,
    import_root,
    pull,
)
from audition.domain.errors import UnavailableError
from audition.host.commands import apt_install, can_install_debian_packages, run
from audition.host.steps import HostError, Step

SUITE = "bookworm"
_PULLED = f"debian:{SUITE}-slim"
_DEBIAN_ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*", "/usr/share/info/*")
_MANUALS = "/usr/share/man/man1"
_WAYS_OUT = """\
Do one of these and run it again:
  - run as root on Debian or Ubuntu with network
  - have an administrator install mmdebstrap
  - let the engine pull from a registry, or from a mirror of one
  - load an image made on another machine: docker save {reference} | docker load"""

_PULLED_DOCKERFILE = """\
FROM {image}
RUN mkdir -p {manuals} && apt-get update && DEBIAN_FRONTEND=noninteractive \
apt-get install -y --no-install-recommends {packages} && rm -rf /var/lib/apt/lists/*
"""


@dataclass(frozen=True)
class DebianRoot:
    """A minimal Debian with some packages."""

    packages: tuple[str, ...]
    architecture: str
    """Of the engine: x86_64 or aarch64."""

    @property
    def reference(self) -> str:
        """Its image, named by what is in it."""
        recipe = "\n".join([SUITE, self.architecture, *sorted(self.packages), *_LEFT_OUT])
        return f"audition/debian:{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def ensure_debian(step: Step, client: docker.APIClient, root: DebianRoot, scratch_dir: Path) -> str:
    """Return the reference of an image that holds `root`, made now if need be.

    Args:
        step: Told what happens.
        client: The engine.
        root: What to have.
        scratch_dir: For the root file system's tar, about 200 MB for a minute.

    Raises:
        HostError: Neither way works here.
    """
    if image_id(client, root.reference) is not None:
        return root.reference
    reasons: list[str] = []
    for way in (_bootstrap, _pull):
        try:
            way(step, client, root, scratch_dir)
        except UnavailableError as error:
            reasons.append(error.detail)
            step.note(f"not this way: {error.detail.splitlines()[0]}")
        else:
            return root.reference
    raise HostError(
        "No way to get a Debian base image here:\n" + "\n".join(f"  - {why}" for why in reasons),
        fix=_WAYS_OUT.format(reference=root.reference),
    )


def _bootstrap(step: Step, client: docker.APIClient, root: DebianRoot, scratch_dir: Path) -> None:
    architecture = _DEBIAN_ARCHITECTURE.get(root.architecture)
    if architecture is None:
        raise HostError(f"No recipe for the architecture {root.architecture}")
    if shutil.which("mmdebstrap") is None:
        if not can_install_debian_packages():
            what = "mmdebstrap is not installed, and installing it takes root and apt-get"
            raise HostError(what)
        apt_install(step, "mmdebstrap", "debian-archive-keyring")
    scratch_dir.mkdir(parents=True, exist_ok=True)
    root_tar = scratch_dir / f"{root.reference.rsplit(':', 1)[1]}.tar"
    step.note(f"mmdebstrap: Debian {SUITE} with {', '.join(root.packages)} (about a minute)")
    try:
        run(
            [
                *("mmdebstrap", "--quiet", "--variant=minbase", f"--architectures={architecture}"),
                f"--include={','.join(root.packages)}",
                *(f"--dpkgopt=path-exclude={path}" for path in _LEFT_OUT),
                # Java's packages make links to manuals, and fail where there is no folder for them.
                f"--essential-hook=mkdir -p $1{_MANUALS}",
                *(SUITE, str(root_tar), *_own_sources()),
            ],
            what="mmdebstrap could not make a Debian root file system",
        )
        step.note("importing it into the engine")
        import_root(client, root_tar, root.reference)
    finally:
        root_tar.unlink(missing_ok=True)


def _pull(step: Step, client: docker.APIClient, root: DebianRoot, _scratch_dir: Path) -> None:
    step.note(f"pulling {_PULLED}")
    pull(client, _PULLED)
    text = _PULLED_DOCKERFILE.format(image=_PULLED, manuals=_MANUALS, packages=" ".join(root.packages))
    source = BuildSource([ContextFile("Dockerfile", text.encode())], network="default")
    build(client, source, root.reference, step.note)


def _own_sources() -> list[str]:
    """Return this machine's own package sources when it runs the same Debian.

    Its mirror is one that answers here.
    """
    release = Path("/etc/os-release")
    if not release.exists():
        return []
    facts = release.read_text(encoding="utf-8").splitlines()
    if "ID=debian" not in facts or f"VERSION_CODENAME={SUITE}" not in facts:
        return []
    usual = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
    return [str(path) for path in usual if path.exists() and path.stat().st_size > 0][:1]
