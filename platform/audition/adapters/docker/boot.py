"""What a container that was started ahead runs while it waits: a few lines of ours that become the real command.

Theory of operation. Importing a scientific stack costs more than starting a container, so a container that waits
imports it first, as far as it gets before it is told what to run: one line on stdin, a JSON list of words. It then
becomes that command. `python FILE` and `python -m MODULE` run in the same interpreter, so that the imports count;
anything else replaces it. The boot holds no secret and has no rights that the command does not have: candidate code
that takes it over has won nothing. Standard input is gone by then, and the command sees what a fresh interpreter
would show it. At its end the process goes at once: taking a scientific stack apart takes longer than most of the
platform's own work, and is of no use to anybody. What nobody wants any more ends by itself (`bay_lease.py`), and so
does, at its run's deadline, a command whose worker is gone; a hostile one can refuse that, and is found by its labels.
"""

import json

from audition.adapters.docker.bay_lease import LEASE_SECONDS

#: How often what waits looks whether somebody still wants it.
_LOOK_SECONDS = 5
_BOOT = """
def boot():
    import sys
    # The working folder may already hold what was sent: nothing of it may run before it is told to.
    sys.path.pop(0)
    import select
    sign, lease, look = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    for name in sys.argv[4:]:
        if select.select([0], [], [], 0)[0]:
            break
        try:
            __import__(name)
        except Exception:
            pass
    import __main__, atexit, builtins, json, os, signal, threading, time
    while sign and not select.select([0], [], [], look)[0]:
        if time.time() - os.stat(sign).st_mtime > lease:
            os._exit(75)
    seconds, *words = json.loads(sys.stdin.buffer.readline())
    # Outlives an exec. Ours ends it long before; this is for the day on which none of ours is left.
    signal.alarm(seconds)
    quiet = os.open(os.devnull, os.O_RDONLY)
    os.dup2(quiet, 0)
    os.close(quiet)
    sys.stdin = open(0)
    is_module = words[0] in ("python", "python3") and words[1:2] == ["-m"] and len(words) > 2
    is_file = words[0] in ("python", "python3") and len(words) > 1 and not words[1].startswith("-")
    if not is_module and not is_file:
        try:
            os.execvp(words[0], words)
        except OSError as error:
            sys.stderr.write("%s: %s\\n" % (words[0], error.strerror))
            sys.stderr.flush()
            os._exit(127 if isinstance(error, FileNotFoundError) else 126)
    status = 0
    try:
        if is_module:
            import runpy
            sys.argv = words[2:]
            sys.path.insert(0, os.getcwd())
            runpy.run_module(words[2], run_name="__main__", alter_sys=True)
        else:
            path = words[1]
            sys.argv = words[1:]
            sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
            try:
                source = open(path, "rb").read()
            except OSError as error:
                raise SystemExit("python: can't open file %r: %s" % (path, error.strerror))
            space = vars(__main__)
            space.clear()
            space.update(__name__="__main__", __builtins__=builtins, __file__=path)
            exec(compile(source, path, "exec"), space)
    except SystemExit as request:
        status = request.code
        if status is not None and not isinstance(status, int):
            sys.stderr.write("%s\\n" % (status,))
            status = 1
    except BaseException as error:
        frame = error.__traceback__ and error.__traceback__.tb_next
        sys.excepthook(type(error), error, frame)
        status = 130 if isinstance(error, KeyboardInterrupt) else 1
    # What the interpreter does at its end, but for taking apart every module: the process is over anyway.
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass
    os._exit((status or 0) & 255)
boot()
"""


def boot_command(imports: tuple[str, ...], sign: str = "") -> tuple[str, ...]:
    """The command of a container that waits.

    Args:
        imports: Modules to import meanwhile; one that is not there is skipped.
        sign: A folder inside whose time is the last sign that somebody wants this container; without one it waits
            for ever.
    """
    # -u: what the command prints must not sit in a buffer when it is killed.
    return ("python", "-u", "-c", _BOOT, sign, str(LEASE_SECONDS), str(_LOOK_SECONDS), *imports)


def go_line(argv: tuple[str, ...], seconds: int) -> bytes:
    """What turns a waiting container into its command.

    Args:
        argv: The command.
        seconds: After these it gets SIGALRM, which ends what does not ask for it otherwise; at least 1.
    """
    return json.dumps([seconds, *argv]).encode() + b"\n"
