"""``--brinell``: the same records in a file of the project; and nothing at all for those who do not ask."""

import json
import subprocess
import sys

import pytest

PLUGIN = ("brinell_inside.plugin",)
HEAVY = ("msgspec", "numpy", "typer", "rich", "brinell")


def recording(suite):
    (path,) = (suite.root / ".brinell" / "recordings").iterdir()
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_plain_pytest_pays_nothing(suite):
    suite.write(
        test_it="import sys\n"
        f"def test_a(): assert not set(sys.modules) & {set(HEAVY)!r}\n"
        "def test_b(): assert {n for n in sys.modules if n.startswith('brinell')} "
        "== {'brinell_inside', 'brinell_inside.plugin'}\n"
    )
    # With autoload, as an installed Brinell is met: through its entry point.
    run = suite.plain("-p", "no:randomly", env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""})

    assert run.code == 0
    assert not (suite.root / ".brinell").exists()
    assert "--brinell" in suite.plain("--help", plugins=PLUGIN).out


@pytest.mark.parametrize("args", [(), ("-n2", "-p", "xdist"), ("-p", "no:terminal")], ids=["alone", "xdist", "silent"])
def test_records_into_the_project(every_outcome, args):
    args = ("--continue-on-collection-errors", *args)
    plain = every_outcome.plain(*args)
    run = every_outcome.plain("--brinell", *args, plugins=PLUGIN)
    records = recording(every_outcome)

    assert run.code == plain.code == records[-1]["exitstatus"]
    assert run.summary == plain.summary
    assert records[0]["kind"] == "hello"
    assert records[-1]["kind"] == "done"
    assert not plain.summary or records[-1]["summary"] == plain.summary
    assert any(record["exc"] for record in records if record.get("failed_phase") == "call")
    if "no:terminal" not in args:
        assert run.out.count("brinell: recorded in .brinell/recordings/") == 1


def test_git_ignores_the_recordings(suite):
    suite.write(test_it="def test_a(): pass")
    suite.plain("--brinell", plugins=PLUGIN)
    subprocess.run(["git", "init", "-q"], cwd=suite.root, check=True)
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=suite.root, check=True, capture_output=True, text=True
    )

    assert "brinell" not in status.stdout


def test_a_launched_pytest_records_once(suite):
    suite.write(test_it="def test_a(): pass")
    (suite.root / "pytest.ini").write_text("[pytest]\naddopts = -p brinell_inside.plugin --brinell\n")
    run = suite.recorded()

    assert run.counted == {"passed": 1}
    assert not (suite.root / ".brinell").exists()
    assert "brinell:" not in run.out


def test_a_project_that_cannot_be_written_to_is_still_tested(suite):
    suite.write(test_it="def test_a(): pass")
    (suite.root / ".brinell").write_text("in the way")
    run = suite.plain("--brinell", plugins=PLUGIN)

    assert run.code == 0
    assert "brinell: nothing recorded" in run.out


@pytest.mark.parametrize(("ending", "code"), [("sys.exit(5)", 1), ("raise KeyboardInterrupt", 1)])
def test_the_analysis_speaks_and_never_changes_the_exit_code(suite, tmp_path, ending, code):
    """A stand-in for the ``brinell`` command: what it prints appears, how it ends does not matter."""
    package = tmp_path / "path" / "brinell"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(f"import sys\nprint('ANALYSED', *sys.argv[1:])\n{ending}\n")
    suite.write(test_it="def test_a(): assert False")
    run = suite.plain("--brinell", plugins=PLUGIN, env={"PYTHONPATH": str(package.parent)})

    assert run.code == code
    assert "ANALYSED suite --from " + str(suite.root / ".brinell" / "recordings") in run.out


def test_no_analysis_after_an_interrupt_or_where_it_is_not_installed(suite, tmp_path):
    package = tmp_path / "path" / "brinell"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    env = {"PYTHONPATH": str(package.parent)}
    suite.write(test_it="def test_a(): raise KeyboardInterrupt")
    run = suite.plain("--brinell", plugins=PLUGIN, env=env)

    assert (run.code, run.err) == (2, "")
    assert recording(suite)[-1]["interrupted"].startswith("KeyboardInterrupt")
    (package / "__main__.py").write_text("print('ANALYSED')\n")
    assert "ANALYSED" not in suite.plain("--brinell", plugins=PLUGIN, env=env).out
    assert sys.executable == suite.python
