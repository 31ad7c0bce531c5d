from library import Shelf


def test_lend():
    assert Shelf("Emma").lend("Emma", "Ann")


def test_return_by_other_reader():
    books = Shelf("Emma")
    books.lend("Emma", "Ann")
    assert books.give_back("Emma") == "Ann"


READERS = []
for test_return_by_other_reader in ("Ann", "Bob"):
    READERS.append(test_return_by_other_reader)


def test_readers():
    assert READERS == ["Ann", "Bob"]
