pytest_plugins = ["tests.plugins.shelf"]
