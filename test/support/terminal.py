"""Runs a program on a pseudo-terminal; orders come as JSON on stdin, what happened goes as JSON to stdout."""

import fcntl
import json
import os
import pty
import select
import signal
import sys
import termios
import time


def echoes(terminal):
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def start(order, near, far, pipe):
    """The child: a session leader whose controlling terminal is the far side."""
    pid = os.fork()
    if pid:
        return pid
    os.close(near)
    os.setsid()
    fcntl.ioctl(far, termios.TIOCSCTTY, 0)
    for stream, source in ((0, far), (1, far if pipe is None else pipe), (2, far)):
        os.dup2(source, stream)
    os.closerange(3, 256)
    try:
        os.chdir(order.get("cwd") or "/")
        os.execvpe(order["argv"][0], order["argv"], order["env"])
    except OSError as error:
        os.write(2, str(error).encode())
        os._exit(127)


def read(source):
    try:
        return os.read(source, 65536)
    except OSError:
        return b""


def main():
    order = json.load(sys.stdin)
    out, into = os.pipe() if order["captureStdout"] else (None, None)
    # This process keeps the far side too: its settings can be read after the program is gone.
    terminal, far = pty.openpty()
    pid = start(order, terminal, far, into)
    if into is not None:
        os.close(into)
    shown, captured, met, echo = b"", b"", 0, []
    steps, status = list(order["script"]), None
    deadline = time.monotonic() + order["timeout"]
    while time.monotonic() < deadline:
        ready, _, _ = select.select([fd for fd in (terminal, out) if fd is not None], [], [], 0.02)
        if terminal in ready:
            shown += read(terminal)
        if out is not None and out in ready:
            chunk = read(out)
            captured += chunk
            if not chunk:
                os.close(out)
                out = None
        while steps and steps[0]["expect"].encode() in shown[met:]:
            step = steps.pop(0)
            met = shown.index(step["expect"].encode(), met) + len(step["expect"].encode())
            echo.append(echoes(far))
            os.write(terminal, step.get("send", "").encode())
            if "signal" in step:
                os.kill(pid, signal.Signals[step["signal"]])
        if status is None:
            gone, code = os.waitpid(pid, os.WNOHANG)
            status = code if gone else None
        elif not ready:
            break
    if status is None:
        os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
    json.dump(
        {
            "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
            "transcript": shown.decode(errors="replace"),
            "stdout": captured.decode(errors="replace"),
            "echoAtStep": echo,
            "echo": echoes(far),
            "missed": steps[0]["expect"] if steps else None,
        },
        sys.stdout,
    )


main()
