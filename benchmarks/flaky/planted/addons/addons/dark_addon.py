from addons import core

core.DEFAULTS["theme"] = "dark"
