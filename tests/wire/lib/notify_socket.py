#!/usr/bin/env python3
"""A service manager's ear: a datagram socket at PATH. Each message that comes is a line of JSON on standard output,
[MILLISECONDS, {NAME: VALUE, ...}], by the monotonic clock. It ends with its standard input.

Usage: notify_socket.py PATH
"""
import json
import os
import selectors
import socket
import sys
import time

with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear, selectors.DefaultSelector() as selector:
    ear.bind(sys.argv[1])
    selector.register(ear, selectors.EVENT_READ)
    selector.register(0, selectors.EVENT_READ)
    print("[0, {}]", flush=True)  # it listens
    while not any(key.fd == 0 and not os.read(0, 64) for key, _ in selector.select(0.01)):
        ear.setblocking(False)
        try:
            while True:
                pairs = dict(line.split("=", 1) for line in ear.recv(4096).decode().split("\n"))
                print(json.dumps([time.monotonic() * 1000, pairs]), flush=True)
        except BlockingIOError:
            pass
