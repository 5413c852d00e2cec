#!/usr/bin/env python3
"""A program on a terminal of its own: what it writes comes out here as it is.

Usage: on_terminal.py ROWS COLUMNS PROGRAM [ARGUMENT...]

Standard input takes one order a line, in JSON: {"keys": "q"}, {"size": [ROWS, COLUMNS]}, {"signal": "SIGINT"}.
At the end one line of JSON goes to standard error: {"code": ..., "signal": ..., "restored": ...}; restored tells
whether the terminal's settings are as they were before.
"""
import fcntl
import json
import os
import pty
import selectors
import signal
import struct
import subprocess
import sys
import termios


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def obey(order, child, master):
    if "keys" in order:
        os.write(master, order["keys"].encode())
    if "size" in order:
        resize(master, *order["size"])
        os.kill(child.pid, signal.SIGWINCH)  # the kernel tells the foreground group; there is none here
    if "signal" in order:
        os.kill(child.pid, getattr(signal, order["signal"]))


def take_orders(child, master):
    """False when no more will come."""
    data = os.read(0, 65536).decode()
    for line in data.splitlines():
        obey(json.loads(line), child, master)
    return len(data) > 0


def pump(master):
    """What the program wrote, to standard output; False at its end."""
    try:
        data = os.read(master, 65536)
    except OSError:
        return False
    os.write(1, data)
    return len(data) > 0


def main():
    rows, columns = int(sys.argv[1]), int(sys.argv[2])
    master, slave = pty.openpty()
    resize(master, rows, columns)
    before = termios.tcgetattr(slave)
    child = subprocess.Popen(sys.argv[3:], stdin=slave, stdout=slave, stderr=slave, close_fds=True)
    with selectors.DefaultSelector() as selector:
        selector.register(master, selectors.EVENT_READ)
        selector.register(0, selectors.EVENT_READ)
        while child.poll() is None:
            for key, _ in selector.select(0.05):
                if not (take_orders(child, master) if key.fd == 0 else pump(master)):
                    selector.unregister(key.fd)
        while any(key.fd == master for key, _ in selector.select(0)) and pump(master):
            pass
    code = child.returncode
    print(json.dumps({"code": code if code >= 0 else None, "signal": -code if code < 0 else None,
                      "restored": termios.tcgetattr(slave) == before}), file=sys.stderr)


main()
