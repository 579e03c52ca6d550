"""Times programs for the bench: one JSON order a line in, one JSON answer a line out.

Each run is the child of a process forked for it alone, as every kubectl is a new parent. Timed in that process, from
posix_spawn (a vfork) to the end of wait4: no shell, no pipe and no event loop are in the figure.
"""
import json
import os
import signal
import sys
import tempfile
import time

errors = tempfile.TemporaryFile()
nowhere = os.open(os.devnull, os.O_RDWR)


def run(order, report):
    os.chdir(order["cwd"])
    for descriptor, target in ((nowhere, 0), (nowhere, 1), (errors.fileno(), 2)):
        os.dup2(descriptor, target)
    argv, env = order["argv"], order["env"]
    # Python ignores these two, and its children would with it.
    defaults = [signal.SIGPIPE, signal.SIGXFSZ]
    started = time.perf_counter_ns()
    pid = os.posix_spawn(argv[0], argv, env, setsigdef=defaults)
    _, status, used = os.wait4(pid, 0)
    wall = time.perf_counter_ns() - started
    answer = {
        "wall": wall / 1e6,
        "cpu": (used.ru_utime + used.ru_stime) * 1e3,
        "code": os.waitstatus_to_exitcode(status),
    }
    os.write(report, json.dumps(answer).encode())


def measure(order):
    errors.seek(0)
    errors.truncate()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            run(order, write)
        except BaseException as problem:
            os.write(write, json.dumps({"wall": 0, "cpu": 0, "code": -1, "problem": str(problem)}).encode())
        os._exit(0)
    os.close(write)
    answer = json.loads(os.read(read, 4096))
    os.close(read)
    os.waitpid(child, 0)
    if answer["code"] != 0:
        errors.seek(0)
        answer.setdefault("problem", errors.read(2000).decode(errors="replace"))
    return answer


for line in sys.stdin:
    print(json.dumps(measure(json.loads(line))), flush=True)
