"""Family B, the archive: what is sent instead of a folder of files."""

import io
import tarfile
import zipfile

from tests.security.corpus.attack import REFUSED, Attack, attack, raw, says
from tests.security.corpus.proving_ground import HONEST, packed

_PREDICT = HONEST.encode()


def tar(*members: tuple[str, bytes, int, str], content: bytes = b"") -> bytes:
    """A tar of members given as name, tar type, mode and link target, with a good predict.py before them."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as made:
        first = tarfile.TarInfo("predict.py")
        first.size = len(_PREDICT)
        made.addfile(first, io.BytesIO(_PREDICT))
        for name, kind, mode, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.linkname, info.size = kind, mode, link, len(content)
            made.addfile(info, io.BytesIO(content))
    return sink.getvalue()


def link_chain() -> bytes:
    """A link out of the folder, then a file through it: the write that left extraction folders for years."""
    deep = "/".join(["d" * 15] * 12)
    return tar(
        ("way", tarfile.SYMTYPE, 0o777, "/tmp"),
        ("way/out", tarfile.REGTYPE, 0o644, ""),
        (f"{deep}/l", tarfile.SYMTYPE, 0o777, "../" * 13),
        (f"{deep}/l/escaped", tarfile.REGTYPE, 0o644, ""),
        ("", tarfile.SYMTYPE, 0o777, "/"),
        ("hard", tarfile.LNKTYPE, 0o644, "way"),
        ("passwd", tarfile.LNKTYPE, 0o644, "/etc/passwd"),
        ("../up", tarfile.REGTYPE, 0o644, ""),
        ("/etc/cron.d/x", tarfile.REGTYPE, 0o644, ""),
    )


def endless_header() -> bytes:
    """A tar whose extended header says that it has eight exabytes."""
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 0
    block = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    block[124:136] = b"\x80" + (1 << 62).to_bytes(11, "big")
    block[148:156] = b" " * 8
    block[148:156] = f"{sum(block):06o}\0 ".encode()
    return bytes(block) + b"\0" * 10240


def zip_bomb() -> bytes:
    """A megabyte that unpacks to a gigabyte."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        made.writestr("predict.py", HONEST)
        with made.open("weights.bin", "w") as entry:
            for _ in range(256):
                entry.write(b"\0" * (1 << 22))
    return sink.getvalue()


def many(count: int) -> bytes:
    """A zip of very many empty files."""
    return packed({"predict.py": HONEST, **{f"f{n}": "" for n in range(count)}})


def shadowed() -> bytes:
    """A zip with one name twice: harmless to those who read the first, hostile to those who read the last."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as made:
        made.writestr("predict.py", HONEST)
        made.writestr("./predict.py", "raise SystemExit(66)")
    return sink.getvalue()


def zip_link() -> bytes:
    """A zip whose predict.py is a symbolic link to the answers."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as made:
        info = zipfile.ZipInfo("predict.py")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        made.writestr(info, "/answers/answers.csv")
    return sink.getvalue()


def toml(text: str, **more: str) -> bytes:
    """An honest submission with this contract file."""
    return packed({"predict.py": HONEST, "audition.toml": text, **more})


def refused(id_: str, name: str, act: str, archive: bytes, *words: str) -> Attack:
    """An archive that is not accepted, and we say why."""
    return raw(id_, name, act, archive, REFUSED, looks={"why": says(*words)})


CASES: tuple[Attack, ...] = (
    refused("B11", "tar-attacks", "links, links through links, empty names, '..', absolute names in a tar",
            link_chain(), "symbolic link", "hard link", "'..'", "absolute path"),
    refused("B12", "zip-slip", "a zip member called ../x",
            packed({"predict.py": HONEST, "../x": "x", "a/../../y": "y"}), "'..'"),
    refused("B15", "mode-bits", "devices and pipes in the archive",
            tar(("disk", tarfile.BLKTYPE, 0o4777, ""), ("pipe", tarfile.FIFOTYPE, 0o666, "")), "not a regular file"),
    attack("X31", "setuid-files", "its files are marked setuid and executable, and it tries to run one",
           "import os\nmode = os.stat('helper').st_mode & 0o7777\nprint(oct(mode), os.getuid() == os.geteuid())\n",
           then_honest=True, files={"helper": "#!/bin/sh\nid\n"},
           looks={"no such bits": lambda o: "0o4" not in o.stdout and "True" in o.stdout}),
    refused("B16", "endless-header", "a header that claims eight exabytes", endless_header(), "header"),
    refused("X32", "zip-bomb", "a megabyte that unpacks to a gigabyte", zip_bomb(), "unpacks to more than 8 MiB"),
    refused("X33", "crowd-of-files", "more files than anybody needs", many(400), "more than 300 entries"),
    refused("X34", "name-twice", "predict.py is there twice, once as ./predict.py", shadowed(), "twice"),
    refused("X35", "linked-script", "predict.py is a link to the answers", zip_link(), "symbolic link"),
    refused("X36", "no-archive", "a script instead of an archive", b"#!/bin/sh\nreboot\n", "neither a zip nor a tar"),
    refused("X37", "million-keys", "audition.toml with as many unknown keys as fit",
            toml("\n".join(f"k{n}=1" for n in range(7000))), "unknown key"),
    refused("X38", "huge-number", "audition.toml with a number of forty thousand digits",
            toml("predict = " + "9" * 40_000), "not valid TOML"),
    refused("X39", "deep-lists", "audition.toml with lists in lists, thirty thousand deep",
            toml("predict = " + "[" * 30_000 + "]" * 30_000), "nested too deeply"),
    refused("X40", "deep-tables", "audition.toml with one key of thirty thousand parts",
            toml(".".join(["a"] * 30_000) + " = 1"), "more than 1,000 dots"),
    attack("X41", "no-shell", "audition.toml hides shell commands in the words of its command", "", then_honest=True,
           files={"audition.toml": 'predict = ["python", "predict.py", "; touch /out/owned", "$(reboot)", "`id`"]'}),
    refused("X42", "enormous-contract", "audition.toml of a megabyte", toml("#" * (1 << 20)), "larger than 64 KiB"),
)  # fmt: skip
