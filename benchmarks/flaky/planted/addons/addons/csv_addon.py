from addons import core

core.EXPORTERS["csv"] = ";".join
