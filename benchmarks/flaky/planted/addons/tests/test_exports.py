from addons import core


def test_all_exporters():
    assert sorted(core.EXPORTERS) == ["csv", "json"]


def test_json_export():
    assert core.export("json", [1]) == "[1]"
