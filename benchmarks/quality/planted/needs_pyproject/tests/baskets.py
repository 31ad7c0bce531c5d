"""A helper module of the tests."""

from packaging.specifiers import SpecifierSet


def allows(spec, version):
    return version in SpecifierSet(spec)
