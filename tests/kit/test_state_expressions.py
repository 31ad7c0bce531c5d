from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.kit.state_expressions import expression


@pytest.mark.parametrize(
    ("name", "kind", "source", "module"),
    [
        ("os.environ['A B']", "environ", 'os.environ["A B"]', "os"),
        ("os.getcwd()", "cwd", "os.getcwd()", "os"),
        ("sys.path", "sys.path", "sys.path", "sys"),
        ("shop.site.ROUTES['/x'].name", "module-attribute", 'loaded("shop").site.ROUTES["/x"].name', None),
        ("shop.site.ROWS[-1]", "module-attribute", 'loaded("shop").site.ROWS[-1]', None),
        ("shop.f.__defaults__[0][0]", "default-argument", 'loaded("shop").f.__defaults__[0][0]', None),
        ("logging.getLogger('shop').level", "logging", 'logging.getLogger("shop").level', "logging"),
        ("signal.SIGHUP", "signal", "signal.getsignal(signal.SIGHUP)", "signal"),
        ("shop.may_edit", "cache", 'loaded("shop").may_edit.cache_info().currsize', None),
        ("decimal.getcontext().prec", "decimal", "decimal.getcontext().prec", "decimal"),
    ],
)
def test_state_is_read_by_name(name, kind, source, module):
    assert expression(name, kind) == (source, module)


@pytest.mark.parametrize(
    "name",
    [
        "thread 'worker'", "file data/x.txt", "", "shop", "os.system('true')", "shop.get_all()", "sys.exit()",
        "shop.x[__import__('os').system('true')]", "os.environ[a]", "a + b", "lambda: 0", "os.getenv(*x)",
        "shop.x[1:2]", "(yield)", "shop.x\nimport os", "x" * 100_000 + ".", "(" * 1000, "shop.x[{}]", "[].append",
        "shop.x[1.5]",
    ],
)  # fmt: skip
def test_what_might_do_more_than_read_is_left_out(name):
    assert expression(name, "module-attribute") is None


def test_random_numbers_change_with_every_use_and_are_left_out():
    assert expression("random.getstate()", "rng") is None


@given(st.text("abos.[]'()0 \\\n", max_size=20))
def test_whatever_is_let_through_is_one_expression(name):
    found = expression(name, "module-attribute")
    if found is not None:
        ast.parse(f"lambda: {found[0]}", mode="eval")
