import codecs
import os

from addons import core, dark_addon

os.environ.setdefault("ADDONS_REGION", "us")
codecs.register(lambda name: codecs.lookup("rot13") if name == "secret_1" else None)


def test_addon_is_named():
    assert dark_addon.__name__ == "addons.dark_addon"
