import unittest

from click.testing import CliRunner

from parcelpost.cli import main


class CliCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.runner = CliRunner()

    def invoke(self, *args):
        return self.runner.invoke(main, [str(arg) for arg in args])

    def verify(self, *args, out):
        result = self.invoke(*args)
        self.assertEqual(result.exit_code, 0, result.output)
        self.assertIn(out, result.output)

    def attempt(self, *args):
        result = self.invoke(*args)
        if result.exit_code:
            print(result.output)
        return result
