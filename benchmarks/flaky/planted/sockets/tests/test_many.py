import pytest
from pool.many import children, leases, merge, merge_in_rounds, pool_size, ready_pipes, room


@pytest.fixture
def runs(tmp_path):
    paths = []
    for n in range(200):
        path = tmp_path / f"{n:03d}"
        path.write_text(f"{n:03d}\n{n + 1:03d}\n")
        paths.append(path)
    return paths


def test_merge_of_many_runs(runs):
    assert len(merge(runs)) == 400


def test_everyone_hears_hello():
    assert room(120) == 120


def test_all_pipes_are_ready():
    assert ready_pipes(150) == 150


def test_pool_is_full_size():
    assert pool_size() == 64


def test_children_answer():
    assert children(40) == 40


def test_leases_are_granted():
    assert leases(220) == 220


def test_merge_in_rounds(runs):
    assert len(merge_in_rounds(runs)) == 400


def test_small_room():
    assert room(3) == 3


def test_few_pipes():
    assert ready_pipes(2) == 2


def test_handles_are_given_back():
    for _ in range(60):
        assert leases(4) == 4
