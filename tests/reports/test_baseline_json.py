from __future__ import annotations

import json

import msgspec

from brinell.reports.baseline_json import baseline_json


def test_it_is_the_suite_of_the_judgement_verbatim(build):
    judgement = build.realistic()
    whole = json.loads(msgspec.json.encode(judgement))
    text = baseline_json(judgement)
    assert json.loads(text) == whole["suite"]
    assert list(json.loads(text)) == list(whole["suite"])


def test_no_suite_is_no_file(build):
    assert baseline_json(build.empty()) == ""
