"""The command line: one file per command, arguments in, exit code out. ``app`` names them all and loads one."""
