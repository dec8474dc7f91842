"""Find gVisor's `runsc`, or fetch it from Debian's archive.

Debian 13 is the first release whose `runsc` starts containers on today's kernels. It is one static program, so it runs
on Debian 12 as well: its package is fetched with apt, which checks the archive's signature, through the mirror that
the host's own apt sources name, and unpacked into the cache. Nothing of the system is changed, and where it cannot be
had that is a sentence, never an error: containers then run under runc.
"""

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from audition.host.commands import can_install_debian_packages, run
from audition.host.steps import HostError, Step
from audition.settings import Settings

#: Arguments with which an engine has to start it. Without a network of its own: containers have none anyway, and its
#: own cannot be set up under every engine. With the seccomp filter applied inside as well.
ARGUMENTS = ("--network=none", "--oci-seccomp")
#: Release date; older ones fail on kernels from 6.1 on, or hang.
OLDEST = 20230501
_SUITE = "trixie"
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_APT = Path("/etc/apt")
_ANSWER_SECONDS = 10


def ensure_runsc(step: Step, settings: Settings) -> Path | None:
    """Return a `runsc` that this host can use, fetched if need be; None, and a note why, where it cannot be had."""
    if found := find_runsc(settings):
        return found
    if (reason := _obstacle()) is not None:
        step.note(f"without gVisor: {reason}")
        return None
    try:
        return _fetch(step, _cached(settings))
    except HostError as error:
        step.note(f"without gVisor: {_first_line(error.detail)}")
        return None


def find_runsc(settings: Settings) -> Path | None:
    """Return a `runsc` that is there and new enough: in the cache, or on the PATH."""
    on_path = shutil.which("runsc")
    places = [_cached(settings), *([Path(on_path)] if on_path else [])]
    return next((path for path in places if path.is_file() and release_of(_version(path)) >= OLDEST), None)


def release_of(version: str) -> int:
    """Release date in what `runsc --version` says, as a number like 20240729; 0 when there is none."""
    match = re.search(r"\b(20\d{6})\b", version)
    return int(match[1]) if match else 0


def mirrors(texts: Sequence[str]) -> list[str]:
    """Addresses of Debian's archive in apt's sources, of either format; the archive of security fixes is left out."""
    return list(dict.fromkeys(address for text in texts for address in _mirrors(text)))


def _mirrors(text: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^(\w[\w-]*):\s*(.*)$", block, re.MULTILINE))
        if "deb" in fields.get("Types", "").split() and "main" in fields.get("Components", "").split():
            yield from (
                address.rstrip("/") for address in fields.get("URIs", "").split() if _is_archive(address)
            )
    for line in text.splitlines():
        words = re.sub(r"\[.*?\]", "", line).split()
        if len(words) > 3 and words[0] == "deb" and "main" in words[3:] and _is_archive(words[1]):  # noqa: PLR2004
            yield words[1].rstrip("/")


def _is_archive(address: str) -> bool:
    return address.rstrip("/").endswith("/debian")


def _cached(settings: Settings) -> Path:
    return settings.data_dir / "cache" / "runsc" / "runsc"


def _obstacle() -> str | None:
    """Why it cannot even be tried."""
    if not can_install_debian_packages():
        return "it is not installed, and fetching it takes root and apt-get"
    if not _KEYRING.exists():
        return f"it is not installed, and Debian's keys are not at {_KEYRING}"
    return None


def _fetch(step: Step, target: Path) -> Path:
    """Download the package with lists and cache of its own, and unpack the program.

    Raises:
        HostError: No mirror has it.
    """
    sources = [
        path for pattern in ("sources.list", "sources.list.d/*") for path in sorted(_APT.glob(pattern))
    ]
    found = mirrors(
        [path.read_text(encoding="utf-8", errors="replace") for path in sources if path.is_file()]
    )
    if not found:
        what = "apt's sources name no mirror of Debian's archive"
        raise HostError(what, str(_APT))
    step.note("fetching runsc from Debian's archive")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # apt gives up root while it downloads.
        folder.chmod(0o755)
        for part in ("lists/partial", "cache/archives/partial"):
            (folder / part).mkdir(parents=True)
        lines = [f"deb [signed-by={_KEYRING}] {mirror} {_SUITE} main\n" for mirror in found[:2]]
        (folder / "sources.list").write_text("".join(lines))
        apt = ["apt-get", "-q", *_options(folder)]
        run([*apt, "update"], what="Debian's package lists could not be read")
        run([*apt, "download", "runsc"], what="Debian's runsc could not be fetched", cwd=folder)
        package = next(folder.glob("runsc_*.deb"))
        run(
            ["dpkg-deb", "-x", str(package), str(folder / "unpacked")],
            what="The package could not be unpacked",
        )
        _keep(step, next((folder / "unpacked").glob("usr/**/bin/runsc")), target)
    return target


def _options(folder: Path) -> list[str]:
    chosen = {
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",
    }
    return [word for key, value in chosen.items() for word in ("-o", f"{key}={value}")]


def _keep(step: Step, program: Path, target: Path) -> None:
    """Put it into the cache, with a note of what it is.

    Raises:
        HostError: It does not run here, or is older than what is of use.
    """
    version = _version(program)
    if release_of(version) < OLDEST:
        raise HostError(
            f"the runsc of Debian's archive is too old or does not run here: {version!r}", str(program)
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    shutil.copyfile(program, fresh)
    fresh.chmod(0o755)
    digest = hashlib.sha256(fresh.read_bytes()).hexdigest()
    target.with_suffix(".json").write_text(json.dumps({"version": version, "sha256": digest}) + "\n")
    fresh.rename(target)
    step.note(f"{version}, sha256 {digest[:12]}…")


def _version(program: Path) -> str:
    """The first line of what it says about itself; empty when it does not run."""
    try:
        done = subprocess.run(  # noqa: S603  the one that will be registered
            [str(program), "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return _first_line(done.stdout)


def _first_line(text: str) -> str:
    return text.strip().split("\n")[0]


def engine_config(existing: str, runsc: Path | None, defaults: Mapping[str, object] | None = None) -> str:
    """An engine's configuration file with gVisor registered and everything else as it was.

    Args:
        existing: Text of the file so far; empty when there is none.
        runsc: The program; None where it cannot be had.
        defaults: What to set besides, unless the file says otherwise.

    Raises:
        HostError: The file is not a JSON object.
    """
    try:
        config = json.loads(existing or "{}")
        ours = {"runsc": {"path": str(runsc), "runtimeArgs": list(ARGUMENTS)}} if runsc else {}
        runtimes = {**config.get("runtimes", {}), **ours}
    except (ValueError, AttributeError, TypeError) as error:
        raise HostError(f"The engine's configuration is not a JSON object: {error}") from error
    return json.dumps({**(defaults or {}), **config, "runtimes": runtimes}, indent=2) + "\n"
