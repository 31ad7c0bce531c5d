"""Export files, read back by those they are made for: HdrHistogram's own reader, csv, json, a parser of OpenMetrics."""

from __future__ import annotations

import csv
import json
import os
import re

import msgspec
import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from brinell.core.errors import UsageError
from brinell.core.histogram import HIGHEST_NS
from brinell.core.load_records import LoadEnded
from brinell.load.export.files import FORMATS, write
from brinell.load.export.seconds import scenarios, seconds

WALL_S = 1_700_000_000.0


@pytest.fixture
def written(evidence, tmp_path):
    return {path.suffix.removeprefix("."): path for path in write(evidence, FORMATS, tmp_path)}


def test_every_format_writes_one_file_a_scenario_and_leaves_no_draft(written, tmp_path):
    assert set(written) == {form.suffix for form in FORMATS.values()}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in written.values())
    assert all(path.name.startswith("load-browse.") for path in written.values())


def test_seconds_come_in_order_with_what_all_workers_told(evidence):
    (scenario,) = scenarios(evidence)
    assert scenario.start_s == pytest.approx(WALL_S)
    found = list(seconds(evidence, scenario))
    assert [one.number for one in found] == [0, 1, 2]
    assert [one.whole.requests for one in found] == [4, 8, 4]
    assert set(found[1].cells) == {("GET /notes", "ok"), ("POST /notes", "timeout"), ("POST /notes", "status-503")}
    assert [len(one.generator) for one in found] == [2, 2, 2]
    assert [one.subject.rss_bytes for one in found] == [1000, 1001, 1002]


def test_a_worker_that_died_holds_nothing_back_for_ever(told, made):
    entries = [one for one in made.records() if not (getattr(one, "worker", 0) == 1 and one.second > 0)]
    evidence = told(entries)
    (scenario,) = scenarios(evidence)
    assert [one.whole.requests for one in seconds(evidence, scenario)] == [4, 4, 2]
    cut = told([one for one in entries if type(one).__name__ != "LoadEnded"])
    assert [one.whole.requests for one in seconds(cut, scenario)] == [4, 4, 2]


def test_hdrhistogram_reads_the_interval_log(written):
    reader = HistogramLogReader(str(written["hlog"]), HdrHistogram(1, HIGHEST_NS, 3))
    intervals, tags = [], {}
    while (one := reader.get_next_interval_histogram()) is not None:
        tags.setdefault(one.get_tag(), []).append(one)
        if one.get_tag() is None:
            intervals.append(one)
    reader.close()
    assert [one.get_total_count() for one in intervals] == [4, 8, 4]
    assert intervals[1].get_value_at_percentile(100) == pytest.approx(5e9, rel=0.001)
    assert intervals[0].get_start_time_stamp() == pytest.approx(WALL_S * 1000)
    assert intervals[2].get_end_time_stamp() == pytest.approx((WALL_S + 3) * 1000)
    assert set(tags) == {None, "service", "GET_/notes:ok", "POST_/notes:timeout", "POST_/notes:status-503"}
    assert sum(one.get_total_count() for one in tags["service"]) == 16
    assert tags["service"][0].get_value_at_percentile(50) == pytest.approx(900_000, rel=0.001)


def test_csv_has_a_row_for_every_second_operation_and_outcome(written):
    with written["csv"].open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["second"], row["operation"], row["outcome"], row["requests"]) for row in rows] == [
        ("0", "GET /notes", "ok", "4"),
        ("1", "GET /notes", "ok", "4"),
        ("1", "POST /notes", "timeout", "2"),
        ("1", "POST /notes", "status-503", "2"),
        ("2", "GET /notes", "ok", "4"),
    ]
    assert float(rows[0]["response_p50_ms"]) == pytest.approx(1.0, rel=0.001)
    assert float(rows[0]["response_mean_ms"]) == pytest.approx(1.5, rel=0.001)
    assert rows[0]["time"] == "2023-11-14T22:13:20.000Z"
    assert rows[2]["response_max_ms"] == "5000.0"


def test_json_lines_carry_both_sides_and_histograms_that_others_read(written):
    lines = [json.loads(line) for line in written["jsonl"].read_text().splitlines()]
    assert lines[0]["kind"] == "scenario"
    assert lines[0]["target_rate"] == 6.0
    requests = [line for line in lines if line["kind"] == "requests"]
    assert sum(line["requests"] for line in requests) == 16
    decoded = HdrHistogram.decode(requests[0]["response_histogram"])
    assert decoded.get_total_count() == 4
    generator = [line for line in lines if line["kind"] == "generator"]
    assert [line["due"] for line in generator] == [6, 6, 6]
    assert [line["waiting"] for line in generator] == [1, 1, 1]
    assert [line["rss_bytes"] for line in lines if line["kind"] == "subject"] == [1000, 1001, 1002]


def by_moment(text):
    """Split a file by the moments of its samples: the parser drops buckets of all but the first of several."""
    lines = text.splitlines()
    moments = sorted({line.rpartition(" ")[2] for line in lines if line[0] != "#"}, key=float)
    for moment in moments:
        kept = [line for line in lines if line[0] == "#" or line.endswith(f" {moment}")]
        families = text_string_to_metric_families("\n".join([*kept, ""]))
        yield (
            float(moment),
            {(one.name, tuple(sorted(one.labels.items()))): one.value for f in families for one in f.samples},
        )


def test_openmetrics_is_valid_at_every_moment_and_grows_to_the_totals(written):
    labels = (("operation", "GET /notes"), ("outcome", "ok"), ("scenario", "browse"))
    moments = list(by_moment(written["openmetrics"].read_text()))
    assert [at for at, _ in moments] == pytest.approx([WALL_S + 1, WALL_S + 2, WALL_S + 3])
    assert [samples["brinell_load_requests_total", labels] for _, samples in moments] == [4, 8, 12]
    last = moments[-1][1]
    found = [last["brinell_load_response_seconds_bucket", (("le", le), *labels)] for le in ("0.001", "0.0025", "+Inf")]
    assert found == [0, 12, 12]  # 1 ms lies in a bucket that ends above it
    assert last["brinell_load_response_seconds_sum", labels] == pytest.approx(0.018, rel=0.001)
    browse = (("scenario", "browse"),)
    assert last["brinell_load_subject_cpu_seconds_total", browse] == pytest.approx(1.0)
    assert [samples["brinell_load_running", browse] for _, samples in moments] == [1, 1, 0]


def test_openmetrics_groups_by_series_and_time_goes_on_within_each(written):
    seen, last = set(), ("", 0.0)
    for line in written["openmetrics"].read_text().splitlines():
        if line[0] != "#":
            series, _, at = line.rpartition(" ")[0].rpartition(" ")[0], None, float(line.rpartition(" ")[2])
            group = re.sub(r"_(?:bucket|sum|count)(?=\{)|le=\"[^\"]*\",", "", series)
            assert group == last[0] or group not in seen
            assert group != last[0] or at >= last[1]
            seen.add(group)
            last = group, at


def test_words_from_outside_stay_words(told, made, tmp_path):
    name = '=cmd|"a",b\n\x1b[31m{le="1"} 7\\'
    evidence = told([made.started(workers=1), made.piece(0, [5], operation=name), made.own(0)])
    paths = {path.suffix: path for path in write(evidence, FORMATS, tmp_path)}
    with paths[".csv"].open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["operation"].startswith("'=cmd")
    text = paths[".openmetrics"].read_text()
    (family,) = (one for one in text_string_to_metric_families(text) if one.name == "brinell_load_requests")
    assert [sample.value for sample in family.samples] == [1.0]
    assert "\x1b" not in text
    log = paths[".hlog"].read_text()
    assert sum(line.count(",") != 3 and line[:3] == "Tag" for line in log.splitlines()) >= 1  # Tag=x,start,length,...
    reader = HistogramLogReader(str(paths[".hlog"]), HdrHistogram(1, HIGHEST_NS, 3))
    assert sum(1 for _ in iter(reader.get_next_interval_histogram, None)) == 3
    reader.close()


def test_a_name_is_never_a_path(told, made, tmp_path):
    evidence = told([made.started(name="../../etc/x", workers=1), made.piece(0, [5]), made.own(0)])
    for path in write(evidence, ["csv"], tmp_path):
        assert path.parent == tmp_path
        assert re.fullmatch(r"load-[A-Za-z0-9_.-]+\.csv", path.name)


def test_a_folder_that_refuses_is_the_users_to_mend(evidence, tmp_path):
    if os.geteuid() == 0:
        (tmp_path / "load-browse.csv").mkdir()
    else:
        tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="cannot write"):
        write(evidence, ["csv"], tmp_path)
    tmp_path.chmod(0o700)
    assert not list(tmp_path.glob(".*draft"))


@given(st.lists(st.integers(0, HIGHEST_NS), min_size=1, max_size=60))
def test_every_line_of_a_log_decodes_to_what_was_recorded(told, made, values):
    evidence = told([made.started(workers=1), made.piece(0, values), made.own(0)])
    (scenario,) = scenarios(evidence)
    line = next(one for one in FORMATS["hlog"].lines(scenario, seconds(evidence, scenario)) if one.startswith("0.000"))
    decoded = HdrHistogram.decode(line.rpartition(",")[2])
    assert decoded.get_total_count() == len(values)
    assert decoded.get_max_value() == pytest.approx(max(values), rel=0.001, abs=1)


def test_a_step_that_presses_again_and_again_has_a_file_for_each_press(told, made, tmp_path):
    """As a search for the breaking point does; a level that it tries twice is two files."""
    entries = []
    for number, name in enumerate(("notes@50", "notes@100", "notes@50")):
        begins = msgspec.structs.replace(made.started(name, workers=1), start_ns=made.start_ns + number * 10**10)
        entries += [begins, made.piece(0, [1_000_000] * (number + 1)), made.own(0), made.own(1), made.own(2)]
        entries.append(LoadEnded(3, 3, 0, 3.0))
    evidence = told(entries)
    assert [[one.whole.requests for one in seconds(evidence, each)][:1] for each in scenarios(evidence)] == [
        [1],
        [2],
        [3],
    ]
    files = write(evidence, ["csv"], tmp_path)
    assert [path.name for path in files] == ["load-notes-50.csv", "load-notes-100.csv", "load-notes-50-2.csv"]
    counts = [[row["requests"] for row in csv.DictReader(path.read_text().splitlines())] for path in files]
    assert counts == [["1"], ["2"], ["3"]]


@pytest.mark.parametrize(("mode", "counted"), [("broadcast", 30), ("echo", 1 + 30 + 7), ("limit", 7)])
def test_all_requests_together_are_those_of_the_mode(told, made, tmp_path, mode, counted):
    """Of a broadcast deliveries; neither handshakes nor publishes are mixed in."""
    beside = {"broadcast": [("delivery", 30), ("publish", 1), ("connect", 7)], "limit": [("connect", 7)]}
    pieces = beside.get(mode, [("echo", 1 + 30 + 7), ("connect", 7), ("ping", 3)])
    entries = [made.started("chat", workers=1, socket=mode), made.piece(-1, [5_000_000], operation="connect")]
    entries += [made.piece(0, [1_000_000] * number, operation=operation) for operation, number in pieces]
    evidence = told([*entries, made.own(0), LoadEnded(1, 1, 0, 1.0)])
    (scenario,) = scenarios(evidence)
    whole = {one.number: one.whole.requests for one in seconds(evidence, scenario)}
    assert whole == {-1: 1 if mode == "limit" else 0, 0: counted}
    (path,) = write(evidence, ["hlog"], tmp_path)
    plain = [line for line in path.read_text().splitlines() if re.match(r"-?\d", line)]
    assert len(plain) == (2 if mode == "limit" else 1)
    assert "Tag=connect:ok,-1.000" in path.read_text()
