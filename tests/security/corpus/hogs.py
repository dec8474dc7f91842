"""Family A: taking more than one's share of the machine."""

from audition.domain.run import Verdict
from tests.security.corpus.attack import ACCEPTED, INVALID, STOPPED, Attack, attack, prints, says
from tests.security.corpus.proving_ground import HONEST

_TIME = frozenset({Verdict.TIME_LIMIT})
_MEMORY = frozenset({Verdict.MEMORY_LIMIT})
_OUTPUT = frozenset({Verdict.OUTPUT_LIMIT})

_FORKS = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
_DAEMONS = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in (0, 1, 2):
                os.close(number)
            while True:
                try:
                    open("/out/predictions.csv", "w").write("id,probability\\n0,1\\n")
                except OSError:
                    pass
                time.sleep(0.001)
        os._exit(0)
time.sleep(0.3)
import csv
rows = list(csv.DictReader(open("/in/test.csv")))
open("/out/predictions.csv", "w").write("id,probability\\n")
"""
_THREADS = """
import threading, time
made = 0
try:
    for _ in range(10_000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        made += 1
except RuntimeError:
    pass
print("threads", made if made < 60 else "too many")
import os; os._exit(3 if made < 60 else 0)
"""
_FILL = """
import errno, os
def fill(folder):
    total, n = 0, 0
    try:
        while total < 1 << 30:
            with open(f"{folder}/f{n}", "wb", buffering=0) as f:
                for _ in range(4):
                    total += f.write(b"x" * (1 << 20))
            n += 1
    except OSError as error:
        return f"{errno.errorcode[error.errno]} after {total}"
    return f"no end after {total}"
for folder in FOLDERS:
    print(folder, fill(folder), flush=True)
for folder in FOLDERS:
    for name in os.listdir(folder):
        os.unlink(f"{folder}/{name}")
"""
_INODES = """
import errno, os
n = 0
try:
    while n < 1_000_000:
        open(f"{FOLDER}/{n:0200d}", "w").close()
        n += 1
except OSError as error:
    print(FOLDER, errno.errorcode[error.errno], n)
for name in os.listdir(FOLDER)[:2]:
    os.unlink(f"{FOLDER}/{name}")
"""
_SPIN = """
import signal
for number in range(1, 64):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
"""
_THIEF = """
import multiprocessing, os
def burn():
    block = bytearray(8 << 20)
    while True:
        for at in range(0, len(block), 64):
            block[at] = (block[at] + 1) & 255
for _ in range(6):
    multiprocessing.Process(target=burn, daemon=True).start()
while True:
    pass
"""
_DESCRIPTORS = """
import errno, os
kept = []
try:
    while True:
        kept.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error:
    print(errno.errorcode[error.errno], len(kept))
for number in kept:
    os.close(number)
"""
_CORE = """
import os, resource
try:
    resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))
    print("raised")
except (OSError, ValueError):
    print("kept at", resource.getrlimit(resource.RLIMIT_CORE))
os.chdir("/out")
block = bytearray(b"x" * (64 << 20))
os.abort()
"""
_FSYNC = """
import os
while True:
    with open("/out/storm", "wb") as f:
        f.write(b"x" * (1 << 20)); f.flush(); os.fsync(f.fileno())
    os.sync()
"""
_CHILD_EATS = """
import subprocess, sys
child = subprocess.run([sys.executable, "-c", "b = bytearray(b'x' * (400 << 20))"])
print("child", child.returncode)
"""
_MEMORY_FILES = """
import os
kept = []
while True:
    number = os.memfd_create("m")
    os.ftruncate(number, 4 << 20)
    for _ in range(4):
        os.write(number, b"x" * (1 << 20))
    kept.append(number)
"""
CASES: tuple[Attack, ...] = (
    attack("A01", "fork-bomb", "forks without end", _FORKS, STOPPED, is_endless=True, is_greedy=True),
    attack(
        "A02",
        "setsid-daemons",
        "double-forked children go on writing to /out after their parent has ended",
        _DAEMONS,
        # Whatever was there when the container died is what counts: no rows, or the daemon's one row.
        INVALID,
    ),
    attack(
        "A04",
        "thread-bomb",
        "starts ten thousand threads",
        _THREADS,
        STOPPED,
        looks={"cap": lambda o: "too many" not in o.stdout},
    ),
    attack(
        "A05",
        "ram-bomb",
        "allocates until it is stopped",
        "b = []\nwhile True: b.append(bytearray(b'x' * (1 << 20)))",
        _MEMORY,
        is_greedy=True,
        looks={"the limit is named": says("192 MiB")},
    ),
    attack(
        "A07",
        "tmpfs-as-ram",
        "fills /dev/shm and /tmp as if they were disks",
        _FILL.replace("FOLDERS", '("/tmp", "/dev/shm")'),
        then_honest=True,
        looks={"no space": prints("/tmp ENOSPC", "/dev/shm ENOSPC")},
    ),
    attack(
        "A08",
        "disk-fill",
        "writes to every writable place until there is no room",
        _FILL.replace("FOLDERS", '("/out", "/tmp")'),
        then_honest=True,
        looks={"no space": prints("/out ENOSPC", "/tmp ENOSPC")},
    ),
    attack(
        "A09",
        "sparse-giant",
        "makes predictions.csv a sparse file of a terabyte",
        "import os\nf = os.open('/out/predictions.csv', os.O_CREAT | os.O_RDWR)\nos.ftruncate(f, 1 << 40)",
        frozenset({Verdict.NONZERO_EXIT}),
    ),
    attack(
        "A10",
        "inode-storm",
        "makes empty files in /out until no more can be made",
        "FOLDER = '/out'\n" + _INODES,
        then_honest=True,
        looks={"few": prints("/out ENOSPC")},
    ),
    attack(
        "X75",
        "scratch-inodes",
        "makes empty files in /tmp until no more can be made, or the memory for them is used up",
        "FOLDER = '/tmp'\n" + _INODES,
        STOPPED | INVALID,
        looks={"few": lambda o: "ENOSPC" in o.stdout or "emory limit" in o.said},
    ),
    attack(
        "A12",
        "stdout-flood",
        "prints without end",
        "while True: print('x' * 10000)",
        _OUTPUT,
        looks={"the log is short": lambda o: len(o.stdout) <= 64 << 10},
    ),
    attack(
        "A13",
        "stderr-flood",
        "complains without end",
        "import os\nwhile True: os.write(2, b'x' * 10000)",
        _OUTPUT,
        looks={"the log is short": lambda o: len(o.stderr) <= 64 << 10},
    ),
    attack("A15", "sleep", "sleeps for ever", "import time\ntime.sleep(1e9)", _TIME, is_endless=True),
    attack(
        "A16", "signal-proof-spin", "ignores every signal it can and spins", _SPIN, _TIME, is_endless=True
    ),
    attack(
        "A17",
        "neighbour-theft",
        "burns all processors and caches with six processes",
        _THIEF,
        _TIME,
        is_endless=True,
        is_greedy=True,
    ),
    attack(
        "A18",
        "descriptors",
        "opens files until it cannot",
        _DESCRIPTORS,
        then_honest=True,
        looks={"EMFILE": prints("EMFILE")},
    ),
    attack(
        "A19",
        "core-bomb",
        "aborts with a large memory, in a folder it may write to",
        _CORE,
        frozenset({Verdict.SIGNALLED}),
        looks={"limit": prints("kept at (0, 0)"), "no core": lambda o: "core" not in o.said},
    ),
    attack(
        "A23",
        "io-storm",
        "writes and syncs without end",
        _FSYNC,
        _TIME,
        is_endless=True,
        is_greedy=True,
    ),
    attack(
        "X01",
        "child-out-of-memory",
        "lets a child eat the memory and goes on as if nothing had been",
        _CHILD_EATS + HONEST,
        _MEMORY,
        # Under runc only the child is killed; gVisor, for which they are one, ends both.
        looks={"no child lived": lambda o: o.stdout in {"child -9\n", ""}},
    ),
    attack(
        "X02",
        "nameless-memory-files",
        "hides memory in files without a name",
        _MEMORY_FILES,
        _MEMORY | frozenset({Verdict.NONZERO_EXIT}),
        is_greedy=True,
    ),
    attack(
        "X76",
        "output-full",
        "writes to /out until it is full and fails over it",
        "f = open('/out/predictions.csv', 'wb', buffering=0)\nwhile True:\n    f.write(b'x' * (1 << 20))",
        _OUTPUT,
        looks={"why": says("/out was full: it takes 8 MiB in at most 64 files")},
    ),
    attack(
        "X77",
        "output-full-of-files",
        "makes files in /out until no more can be made, and fails over it",
        "for n in range(1000):\n    open(f'/out/{n}', 'x').close()",
        _OUTPUT,
        looks={"why": says("/out was full: it takes 8 MiB in at most 64 files")},
    ),
    attack(
        "X03",
        "shared-memory-inodes",
        "makes millions of empty files in /dev/shm, which has no limit on files of its own",
        "FOLDER = '/dev/shm'\n" + _INODES,
        STOPPED | INVALID,
        is_endless=True,
        is_greedy=True,
    ),
    attack(
        "X04",
        "stops-itself",
        "stops itself, so that it never ends",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        _TIME,
        is_endless=True,
    ),
    attack(
        "X05",
        "kills-itself",
        "kills itself with SIGKILL, as the kernel does for memory",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        frozenset({Verdict.SIGNALLED}),
        looks={"it is not called memory": lambda o: "emory limit" not in o.said},
    ),
    attack(
        "X06",
        "kills-the-first-process",
        "sends every signal to process 1",
        "import os\nfor n in (9, 19, 6, 11, 15):\n    os.kill(1, n)\nimport time; time.sleep(2)",
        STOPPED,
        is_endless=True,
    ),
    attack(
        "X07",
        "exit-code-of-a-kill",
        "exits with 137, the code of a container that was killed",
        "raise SystemExit(137)",
        frozenset({Verdict.SIGNALLED}),
        looks={"it is not called time or memory": lambda o: "limit reached" not in o.said},
    ),
    attack(
        "X08",
        "huge-exit-code",
        "exits with a number of a thousand digits that is zero in its last byte",
        "import sys\nopen('/out/predictions.csv', 'w').write('id,probability\\n')\nsys.exit(1 << 3000)",
        frozenset({Verdict.NONZERO_EXIT, Verdict.INVALID_OUTPUT}),
    ),
    attack(
        "X09",
        "silent",
        "closes its standard streams and says nothing more",
        "import os\nfor n in (0, 1, 2):\n    os.close(n)\n"
        "for n in (0, 1, 2):\n    os.open('/dev/null', os.O_RDWR)\n",
        then_honest=True,
        looks={"nothing": lambda o: o.stdout == o.stderr == ""},
    ),
    attack(
        "X74",
        "takes-process-1",
        "writes over the code of process 1, which in the host's file must stay as it is",
        "try:\n    with open('/proc/1/mem', 'r+b', buffering=0) as memory:\n"
        "        for line in open('/proc/1/maps'):\n"
        "            start, end = (int(n, 16) for n in line.split()[0].split('-'))\n"
        "            if ' r-xp ' in line and '[' not in line:\n"
        "                memory.seek(start)\n                memory.write(b'\\xcc' * (end - start))\n"
        "except OSError as error:\n    print(error)\n",
        STOPPED | ACCEPTED | INVALID,
        is_endless=True,
    ),
)
