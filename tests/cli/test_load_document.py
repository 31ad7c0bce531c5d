from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Tiny", "version": "1"},
    "paths": {
        "/a": {
            "get": {
                "responses": {
                    "200": {"description": "", "content": {"application/json": {"schema": {"type": "array"}}}}
                }
            },
            "post": {"responses": {"200": {"description": ""}}},
        }
    },
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = json.dumps(DOCUMENT if self.path == "/openapi.json" else []).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def tiny():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


QUICK = ("--rate", "20", "--duration", "1s", "--connections", "2", "--json")


def test_a_service_that_describes_itself_is_pressed_on(brinell, tiny):
    said = brinell("load", "--openapi", f"{tiny}/openapi.json", *QUICK)
    judgement = json.loads(said.out)
    (traffic,) = judgement["traffic"]
    assert traffic["exercised"] == ["GET /a"]
    assert [one["operation"] for one in traffic["not_exercised"]] == ["POST /a"]
    (load,) = judgement["load"]
    assert (load["scenario"], load["requests"], load["errors"]) == ("openapi", 20, {})


@pytest.mark.prove
def test_a_document_in_a_file_and_a_recording(brinell, here, tiny):
    (here / "api.json").write_text(json.dumps(DOCUMENT))
    said = brinell("load", tiny, "--openapi", "api.json", "--no-validate", *QUICK)
    assert json.loads(said.out)["traffic"][0]["judged"] is False
    entry = {"request": {"method": "GET", "url": f"{tiny}/x", "headers": []}}
    (here / "a.har").write_text(json.dumps({"log": {"entries": [entry]}}))
    said = brinell("load", tiny, "--har", "a.har", *QUICK)
    assert json.loads(said.out)["traffic"][0]["exercised"] == ["GET /x"]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--openapi", "nowhere.json"], ["no such file"]),
        (["http://127.0.0.1:1/", "--har", "nowhere.har"], ["no such file"]),
        (["--openapi", "api.json"], ["needs the address"]),
        (["--har", "api.json"], ["needs the address"]),
        (["http://127.0.0.1:1/", "--openapi", "api.json", "--har", "api.json"], ["both say what is sent"]),
        (["http://127.0.0.1:1/", "--openapi", "api.json", "--body", "x"], ["--body is for one request"]),
        (["http://127.0.0.1:1/", "--openapi", "api.json", "--think"], ["--think is for --har"]),
        (["http://127.0.0.1:1/", "--har", "api.json", "--unsafe"], ["--unsafe is for --openapi"]),
        (["http://127.0.0.1:1/", "--unsafe"], ["--unsafe is for --openapi"]),
        (["http://127.0.0.1:1/", "--think"], ["--think is for --har"]),
        (["--openapi", "http://elsewhere.example/openapi.json"], ["not in allow_targets"]),
        (["--openapi", "http://[nowhere/openapi.json"], ["--openapi", "not an address"]),
        (["--openapi", "http://me:secret@127.0.0.1:1/openapi.json"], ["--openapi", "carries no password"]),
        (["http://127.0.0.1:1/", "--openapi", "ftp://127.0.0.1/openapi.json"], ["--openapi", "http://"]),
    ],
)
def test_what_does_not_go_together_is_refused(brinell, here, argv, words):
    (here / "api.json").write_text("{}")
    said = brinell("load", *argv)
    assert said.code == 2
    assert all(word in said.err for word in words), said.err
