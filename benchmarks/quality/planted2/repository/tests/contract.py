import pytest

from shelf import Book, Conflict, NotFound


class BooksContract:
    def make(self):
        raise NotImplementedError

    def test_get(self):
        books = self.make()
        books.add(Book("1", "Emma"))
        assert books.get("1").title == "Emma"

    def test_get_unknown(self):
        with pytest.raises(NotFound):
            self.make().get("1")

    def test_add_twice(self):
        books = self.make()
        books.add(Book("1", "Emma"))
        with pytest.raises(Conflict):
            books.add(Book("1", "Emma"))

    def test_remove(self):
        books = self.make()
        books.add(Book("1", "Emma"))
        books.remove("1")
        assert books.list() == []
