import argparse
import re
import sys
from collections import Counter

from . import __version__
from .options import Options

WORD = re.compile(r"[^\W\d_]+")


def count(text, lower=True):
    return Counter(WORD.findall(text.lower() if lower else text))


def parser():
    p = argparse.ArgumentParser(prog="tally")
    p.add_argument("--version", action="version", version=f"tally {__version__}")
    commands = p.add_subparsers(dest="command", required=True)
    for name in ("count", "top"):
        c = commands.add_parser(name)
        c.add_argument("files", nargs="+")
        c.add_argument("--encoding", default="utf-8")
        c.add_argument("--keep-case", action="store_true")
        if name == "top":
            c.add_argument("-n", type=int, default=10)
    commands.add_parser("options")
    return p


def main(argv=None, out=None):
    args = parser().parse_args(argv)
    out = out or sys.stdout
    if args.command == "options":
        for name, value in Options().dict().items():
            print(f"{name}={value}", file=out)
        return 0
    total = Counter()
    for name in args.files:
        try:
            with open(name, encoding=args.encoding) as file:
                total += count(file.read(), not args.keep_case)
        except FileNotFoundError:
            print(f"tally: {name}: no such file", file=sys.stderr)
            return 2
        except UnicodeDecodeError as error:
            print(f"tally: {name}: {error.reason}", file=sys.stderr)
            return 3
    if args.command == "count":
        print(sum(total.values()), file=out)
    else:
        for word, n in sorted(total.items(), key=lambda item: (-item[1], item[0]))[: args.n]:
            print(f"{n:6} {word}", file=out)
    return 0
