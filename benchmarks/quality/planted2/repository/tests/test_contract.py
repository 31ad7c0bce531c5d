from contract import BooksContract

from shelf import Book, MemoryBooks, Session, SqlBooks


class TestMemory(BooksContract):
    def make(self):
        return MemoryBooks()

    def test_list_is_sorted(self):
        books = self.make()
        books.add(Book("1", "b"))
        books.add(Book("2", "a"))
        assert [book.title for book in books.list()] == ["a", "b"]


class TestSql(BooksContract):
    def make(self):
        return SqlBooks(Session())

    def test_remove(self):
        books = self.make()
        books.add(Book("1", "Emma", copies=3))
        books.remove("1")
        assert books.list() == []
        assert books.session.open


class ReadOnlyContract(BooksContract):
    def make(self):
        return SqlBooks(Session())

    def test_unknown_title(self):
        assert self.make().list() == []
