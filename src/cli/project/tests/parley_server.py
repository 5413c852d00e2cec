"""A server with the application in it, and clients to talk to it.

The clients speak Socket.IO over HTTP long-polling, for which Python's standard library is enough; and whoever has Meson
has Python. Any other Socket.IO client would do as well.
"""
import http.client
import json
import os
import re
import subprocess
import tempfile

SEPARATOR = "\x1e"  # between the packets of one answer
LIMIT_S = 20


class Server:
    """`parley serve` on a free port, with a data directory of its own. Its log goes to standard error."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="@NAME@-")
        self.process = subprocess.Popen(
            [os.environ["PARLEY"], "serve", "--app", os.environ["APP"], "--listen", "127.0.0.1:0",
             "--data", f"{self.folder.name}/data"], stdout=subprocess.PIPE, text=True)
        address = re.search(r"http://([\d.]+):(\d+)", self.process.stdout.readline())
        if address is None:
            self.stop()
            raise RuntimeError("the server did not start; its log says why")
        self.address = address.group(1), int(address.group(2))

    def get(self, path):
        """The status and the body of an HTTP answer."""
        connection = http.client.HTTPConnection(*self.address, timeout=LIMIT_S)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body

    def stop(self):
        """Ask it to leave. Fails when it does not leave in good order."""
        self.process.terminate()
        status = self.process.wait(LIMIT_S)
        self.process.stdout.close()
        self.folder.cleanup()
        if status != 0:
            raise RuntimeError(f"the server ended with status {status}")


class Client:
    """One client in the namespace "/"."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection(*server.address, timeout=LIMIT_S)
        self.path = "/socket.io/?EIO=4&transport=polling"
        self.packets = []  # that have come and that nobody has taken: (type, id, content)
        self.asked = 0
        self.path += "&sid=" + json.loads(self._request("GET")[1:])["sid"]
        self._send("40")
        self.id = self._take("0", "", lambda content: True)["sid"]

    def ask(self, event, *args):
        """Emit an event and wait for its acknowledgement. Gives the acknowledgement's first argument."""
        number = str(self.asked)
        self.asked += 1
        self._send(f"42{number}{json.dumps([event, *args])}")
        return self._take("3", number, lambda content: True)[0]

    def wait(self, event):
        """The first argument of the next event of that name."""
        return self._take("2", "", lambda content: content[0] == event)[1]

    def close(self):
        """Leave."""
        self._send("1")
        self.connection.close()

    def _request(self, method, body=None):
        self.connection.request(method, self.path, body)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise RuntimeError(f"{method} {self.path}: {answer.status} {text}")
        return text

    def _send(self, packet):
        self._request("POST", packet)

    def _poll(self):
        for packet in self._request("GET").split(SEPARATOR):
            if packet == "2":  # a ping
                self._send("3")
            elif packet.startswith("4"):
                kind, number, content = re.fullmatch(r"4(\d)(\d*)(.*)", packet, re.DOTALL).groups()
                self.packets.append((kind, number, json.loads(content or "null")))

    def _take(self, kind, number, is_wanted):
        while True:
            for packet in self.packets:
                if packet[:2] == (kind, number) and is_wanted(packet[2]):
                    self.packets.remove(packet)
                    return packet[2]
            self._poll()
