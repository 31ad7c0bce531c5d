"""A real Prometheus: it takes what is written to it, scrapes the page, and backfills the file. Skipped without one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.parse
import urllib.request

import pytest

from brinell.load.export.feeds import Endpoints, Feeds
from brinell.load.export.files import write

pytestmark = pytest.mark.prove
PATIENCE_S = 60.0


def found(name):
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


@pytest.fixture
def prometheus(tmp_path, spare_port):
    """Start one for the page at a port; it ends with the test."""
    running = []

    def start(scraped=None):
        jobs = [{"job_name": "brinell", "static_configs": [{"targets": [f"127.0.0.1:{scraped}"]}]}] if scraped else []
        settings = tmp_path / "prometheus.yml"
        settings.write_text(
            json.dumps({"global": {"scrape_interval": "200ms", "scrape_timeout": "200ms"}, "scrape_configs": jobs})
        )
        port = spare_port()
        command = [
            found("prometheus"), f"--config.file={settings}", f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver",
        ]  # fmt: skip
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ))
        until(lambda: answers(f"http://127.0.0.1:{port}/-/ready"))
        return f"http://127.0.0.1:{port}"

    yield start
    for process in running:
        process.terminate()
        process.wait(30)


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - http://127.0.0.1
            return answer.read() or b"-"
    except OSError:
        return b""


def until(look):
    end = time.monotonic() + PATIENCE_S
    while not (seen := look()):
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)
    return seen


def value(base, query):
    """Return the value of a query that gives one series; None as long as there is none."""
    said = json.loads(answers(f"{base}/api/v1/query?{urllib.parse.urlencode({'query': query})}"))
    series = said["data"]["result"]
    return float(series[0]["value"][1]) if series else None


def test_it_takes_what_is_written_to_it(prometheus, made):
    base = prometheus()
    told = Feeds(Endpoints(remote_write=f"{base}/api/v1/write"))
    for envelope in made.envelopes():
        told.watch(envelope)
    assert told.close() == []
    assert until(lambda: value(base, 'sum(brinell_load_requests_total{scenario="browse"})')) == 16
    assert value(base, 'brinell_load_requests_total{outcome="status-503"}') == 2
    p50 = 'histogram_quantile(0.5, sum by (le) (brinell_load_response_seconds_bucket{outcome="ok"}))'
    assert 0.001 <= value(base, p50) <= 0.0025
    kinds = json.loads(answers(f"{base}/api/v1/metadata?metric=brinell_load_response_seconds"))
    assert kinds["status"] == "success"


def test_it_scrapes_the_page(prometheus, made):
    with Feeds(Endpoints(scrape_port=0)) as told:
        for envelope in made.envelopes():
            told.watch(envelope)
        base = prometheus(urllib.parse.urlsplit(told.url).port)
        assert until(lambda: value(base, "brinell_load_due_total")) == 18
        told_of = json.loads(answers(f"{base}/api/v1/metadata?metric=brinell_load_response_seconds"))["data"]
        ((kind,),) = told_of.values()
        assert (kind["type"], kind["unit"]) == ("histogram", "seconds")


def test_promtool_takes_the_file_and_the_page(evidence, made, tmp_path):
    (file,) = write(evidence, ["openmetrics"], tmp_path)
    blocks = tmp_path / "blocks"
    blocks.mkdir()
    command = [found("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(file), str(blocks)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert any(blocks.iterdir())
    with Feeds(Endpoints(scrape_port=0)) as told:
        for envelope in made.envelopes():
            told.watch(envelope)
        page = answers(told.url)
    checked = subprocess.run(
        [found("promtool"), "check", "metrics"], input=page, capture_output=True, timeout=60, check=False
    )
    assert checked.returncode in {0, 3}, checked.stderr.decode()  # 3: advice on names
    assert b"error" not in checked.stderr.lower()
