"""What the channel promises to its clients. Run by `meson test -C build`."""
import unittest

from parley_server import Client, Server


class Channel(unittest.TestCase):
    """One server for all tests; each has clients of its own."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)

    def client(self):
        client = Client(self.server)
        self.addCleanup(client.close)
        return client

    def test_what_one_says_everyone_hears(self):
        ada, grace = self.client(), self.client()
        self.assertEqual(ada.ask("say", {"text": "Hello"}), {"ok": True})
        said = {"from": ada.id, "text": "Hello"}
        self.assertEqual(ada.wait("said"), said)
        self.assertEqual(grace.wait("said"), said)

    def test_what_is_no_text_is_refused(self):
        ada = self.client()
        for message in ({}, {"text": ""}, {"text": 7}, {"text": "x" * 501}, None):
            self.assertIn("error", ada.ask("say", message))
    # @page@

    def test_the_page_is_there(self):
        status, page = self.server.get("/")
        self.assertEqual(status, 200)
        self.assertIn("page.js", page)
        self.assertEqual(self.server.get("/page.js")[0], 200)
    # @end@


if __name__ == "__main__":
    unittest.main()
