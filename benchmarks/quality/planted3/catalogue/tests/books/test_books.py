import attrs
import pytest
from rich.text import Text
from markdown_it import MarkdownIt

from catalogue.items import Book, isbn_ok, read


def listing(*books):
    return "\n".join(f"{book.title} [{book.isbn}]" for book in books)


def test_listing(book, approvals):
    approvals.verify("listing", listing(book))


def test_listing_of_two(book, recordings):
    recordings.record("two", listing(book, book))


def test_isbns_are_few(book, no_more_than):
    found = set()
    with no_more_than(1, found):
        found.add(book.isbn)


def test_frozen(book, tolerant):
    with tolerant():
        book.title = "Dune Messiah"
    assert book.title == "Dune"


@pytest.mark.parametrize(
    "isbn, ok",
    [
        ("0441172717", True),
        ("080442957X", True),
        ("0441172718", False),
        pytest.param("9780441172719", True, marks=pytest.mark.skip),
        pytest.param("", True, marks=pytest.mark.xfail(reason="no ISBN is fine for a Book, not for isbn_ok")),
    ],
)
def test_isbn(isbn, ok):
    assert isbn_ok(isbn) is ok


def test_bad_isbn():
    with pytest.raises(ValueError, match="bad ISBN"):
        Book("Dune", "1")


def test_no_title():
    try:
        Book("")
    except ValueError as error:
        assert str(error) or not str(error)
    else:
        raise AssertionError("made a book without a title")


def test_read(write):
    assert read(write("- {title: Dune, kind: book}")) == [Book("Dune")]


def test_evolve(book):
    assert attrs.evolve(book, title="Dune II").isbn == book.isbn


def test_rich_text(book):
    assert Text(book.title).plain == "Dune"


def test_markdown(book):
    assert MarkdownIt().render(f"*{book.title}*") == "<p><em>Dune</em></p>\n"


def test_title_length(book):
    assert len(book.title) == 4


def _check_title(book):
    assert book.title.istitle()


test_title_length = _check_title
