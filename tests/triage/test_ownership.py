from __future__ import annotations

import pytest

from brinell.core.observation import SuiteStarted
from brinell.core.plan import Plan
from brinell.triage.ownership import Code, layout_of


def layout(root="/home/dev/shop", *, source=("src/shop",), tests=(), directory=".", name="shop", **started):
    facts = {"rootdir": root, "cwd": root, "stdlib": ("/usr/lib/python3.12",), **started}
    start = SuiteStarted(argv=(), interpreter="python", chosen_because="", **facts)
    return layout_of(Plan(name=name, root=root, steps=(), source=source), start, directory, tests)


@pytest.mark.parametrize(
    ("file", "code", "shown"),
    [
        ("/home/dev/shop/src/shop/cart.py", Code.SOURCE, "src/shop/cart.py"),
        ("/home/dev/shop/tests/test_cart.py", Code.TESTS, "tests/test_cart.py"),
        ("/home/dev/shop/tests/helpers.py", Code.TESTS, "tests/helpers.py"),
        ("/home/dev/shop/tests/conftest.py", Code.CONFTEST, "tests/conftest.py"),
        ("/home/dev/shop/conftest.py", Code.CONFTEST, "conftest.py"),
        ("/home/dev/shop/scripts/load.py", Code.SUPPORT, "scripts/load.py"),
        ("/usr/lib/python3.12/json/decoder.py", Code.STDLIB, None),
        ("/opt/lib/python3.9/json/decoder.py", Code.STDLIB, None),
        ("<frozen importlib._bootstrap>", Code.STDLIB, None),
        ("<string>", Code.GENERATED, None),
        ("<attrs generated init shop.Cart>", Code.GENERATED, None),
        ("/elsewhere/x.py", Code.OUTSIDE, None),
        ("/home/dev/shopping/src/shop/cart.py", Code.OUTSIDE, None),
    ],
)
def test_src_layout(file, code, shown):
    place = layout().place(file)
    assert place.code is code
    assert place.path == (shown or file)


def test_flat_layout_with_tests_beside_the_code():
    flat = layout(source=("shop", "app.py"))
    assert flat.place("/home/dev/shop/shop/cart.py").code is Code.SOURCE
    assert flat.place("/home/dev/shop/app.py").code is Code.SOURCE
    assert flat.place("/home/dev/shop/test_app.py").code is Code.TESTS
    assert flat.place("/home/dev/shop/setup.py").code is Code.SUPPORT


def test_without_sources_everything_but_tests_is_source():
    bare = layout(source=())
    assert bare.place("/home/dev/shop/shop/cart.py").code is Code.SOURCE
    assert bare.place("/home/dev/shop/tests/data.py").code is Code.TESTS


def test_tests_inside_the_package():
    inner = layout(source=("shop",), tests=["shop/tests/check_cart.py", "shop/test/it.py"])
    assert inner.place("/home/dev/shop/shop/tests/check_cart.py").code is Code.TESTS
    assert inner.place("/home/dev/shop/shop/tests/tools.py").code is Code.TESTS
    assert inner.place("/home/dev/shop/shop/test/tools.py").code is Code.TESTS
    assert inner.place("/home/dev/shop/shop/cart/test_prices.py").code is Code.TESTS


def test_a_package_named_test_without_tests_in_it_is_product():
    assert layout(source=("shop",)).place("/home/dev/shop/shop/test/client.py").code is Code.SOURCE


def test_a_project_below_a_folder_named_tests():
    below = layout("/home/tests/test/shop")
    assert below.place("/home/tests/test/shop/src/shop/cart.py").code is Code.SOURCE


def test_a_virtual_environment_inside_the_root_is_not_the_project():
    venv = layout(prefix="/home/dev/shop/env", site=("/home/dev/shop/env/lib/python3.12/site-packages",))
    assert venv.place("/home/dev/shop/env/lib/python3.12/site-packages/requests/api.py").code is Code.THIRD_PARTY
    assert venv.place("/home/dev/shop/env/bin/pytest").code is Code.THIRD_PARTY
    assert venv.place("/home/dev/shop/.tox/py/lib/python3.12/site-packages/six.py").code is Code.THIRD_PARTY


def test_the_product_installed_as_a_copy_is_the_product():
    site = "/usr/lib/python3/dist-packages"
    copy = layout(site=(site,))
    assert copy.place(f"{site}/shop/cart.py").code is Code.SOURCE
    assert copy.place(f"{site}/shop/cart.py").path == "shop/cart.py"
    assert copy.place(f"{site}/shopify/cart.py").code is Code.THIRD_PARTY


def test_an_editable_install_elsewhere_is_not_the_project():
    assert layout().place("/home/dev/other/src/other/a.py").code is Code.OUTSIDE


def test_an_interpreter_whose_prefix_holds_the_project():
    assert layout("/usr/src/app", source=("app",), prefix="/usr").place("/usr/src/app/app/a.py").code is Code.SOURCE


def test_paths_with_spaces_and_two_names_for_the_root():
    both = layout("/Volumes/My Work/shop", rootdir="/private/My Work/shop")
    assert both.place("/private/My Work/shop/src/shop/cart.py").in_project
    assert both.place("/Volumes/My Work/shop/src/shop/cart.py").code is Code.SOURCE


def test_a_link_to_the_root_does_not_turn_product_into_support():
    both = layout("/Volumes/shop", rootdir="/private/shop")
    assert both.place("/private/shop/src/shop/cart.py").code is Code.SOURCE


def test_a_suite_in_a_subdirectory():
    sub = layout(
        "/home/dev/mono",
        source=("services/shop/src",),
        directory="services/shop",
        rootdir="/home/dev/mono/services/shop",
    )
    assert sub.place("/home/dev/mono/services/shop/src/cart.py").code is Code.SOURCE
    assert sub.place("/home/dev/mono/services/shop/tests/test_a.py").path == "tests/test_a.py"


def test_the_root_directory_of_the_machine_is_no_project():
    assert layout(rootdir="/", cwd="/").place("/etc/x.py").code is Code.OUTSIDE
