import unittest

import attrs
import pytest

from catalogue.items import Book, Film, isbn_ok, soundex

try:
    from catalogue import speedups
except ImportError:
    speedups = None

    def test_soundex_speed():
        assert soundex("Robert") == soundex("Rupert")

else:

    def test_soundex_speed():
        assert speedups.soundex("Robert") == soundex("Robert")


class SoundexTests(unittest.TestCase):
    def test_words(self):
        for word, code in (("Robert", "R163"), ("Rupert", "R163"), ("Ashcraft", "A261")):
            with self.subTest(word):
                self.assertEqual(soundex(word), code)

    def test_odd_words(self):
        for word in ("O'Hara", "Lloyd", "x"):
            with self.subTest(word):
                soundex(word)

    def test_no_word(self):
        with self.assertRaises(IndexError):
            soundex("")

    def test_case(self):
        self.assertIsNotNone(soundex("robert"), soundex("ROBERT"))

    @unittest.skipIf(True, reason="")
    def test_umlauts(self):
        self.assertEqual(soundex("Müller"), "M460")


def test_bad_isbn_names_it():
    errors = []
    try:
        Book("Dune", "12")
    except* Exception as group:
        errors.extend(group.exceptions)
    assert "12" in str(errors[0])


class TestEvolve:
    @pytest.mark.parametrize("minutes", [1, 2])
    def test_minutes(self, film, minutes):
        assert attrs.evolve(film, minutes=minutes).minutes == minutes

    @pytest.mark.parametrize("title", ["Aliens", "Alien 3"])
    def test_title(self, film, title):
        assert attrs.evolve(film, title=title).title == title

    @pytest.mark.parametrize("minutes", [3, 4])
    def test_minutes(self, film, minutes):
        assert attrs.evolve(film, minutes=minutes) == Film("Alien", minutes)


def test_minutes(film):
    assert film.minutes == 117


def test_inner_names():
    def test_isbn():
        return isbn_ok("0441172717")

    assert test_isbn()


def test_inner_names_again():
    def test_isbn():
        return isbn_ok("0441172718")

    assert not test_isbn()
