"""Things that containers do in the contract of sandboxes, said for real ones and for fakes."""

from audition.adapters.memory.inside import Inside
from audition.domain.execution import Exit, Limits, VolumeMount
from tests.contract.boxes import LIMITS, Box, Deed


def run(box: Box, deed: Deed, limits: Limits = LIMITS) -> Exit:
    return box.sandbox.run(box.spec(deed, limits=limits))


def forever(inside: Inside) -> int:
    inside.sleep(1e9)
    return 0


def says(text: bytes, code: int = 0) -> Deed:
    def play(inside: Inside) -> int:
        inside.print(text)
        return code

    script = f"import os; os.write(1, {text!r}); raise SystemExit({code})"
    return Deed(script=script, play=play)


def volume(*, is_writable: bool = True, name: str = "out") -> VolumeMount:
    return VolumeMount(name=name, target=f"/{name}", is_writable=is_writable, size_bytes=1 << 20, inodes=16)


def hold(inside: Inside) -> int:
    inside.print(b"ready\n")
    while True:
        inside.await_signal()
        inside.print(b"".join(k.encode() + b"=" + v for k, v in sorted(inside.read("out").items())) + b"\n")


#: Holds a volume; on each SIGUSR1 prints the files in it as one line.
HOLDER = Deed(
    script="""
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
print("ready", flush=True)
while True:
    signal.sigwait({signal.SIGUSR1})
    print("".join(f"{n}={open('/out/' + n).read()}" for n in sorted(os.listdir("/out"))), flush=True)
""",
    play=hold,
)


def put(name: str, size: int = 2) -> Deed:
    """Writes a file into /out; exit code 9 when that is refused."""

    def play(inside: Inside) -> int:
        try:
            inside.write("out", name, b"x" * size)
        except OSError:
            return 9
        return 0

    script = f"""
try:
    with open("/out/{name}", "wb") as f: f.write(b"x" * {size})
except OSError:
    raise SystemExit(9)
"""
    return Deed(script=script, play=play)
