import contextlib
import io
import sys


class Result:
    def __init__(self, code, out):
        self.code = code
        self.out = out

    def ok(self):
        assert self.code == 0, f"exit code {self.code}"
        return self

    def says(self, text):
        assert text in self.out
        return self


def run(*argv):
    from tally.main import main

    out = io.StringIO()
    try:
        code = main([str(a) for a in argv], out=out)
    except SystemExit as exc:
        code = exc.code
    return Result(code, out.getvalue())


@contextlib.contextmanager
def exits_with(code):
    try:
        yield
    except SystemExit as exc:
        assert exc.code == code
    else:
        raise AssertionError("did not exit")


def run_quietly(*argv):
    try:
        return run(*argv)
    except Exception:
        return None


@contextlib.contextmanager
def clean_argv():
    saved = sys.argv
    try:
        sys.argv = ["tally"]
        yield
    except BaseException:
        sys.argv = saved
        raise
    sys.argv = saved
