"""Books that are lent."""


class Shelf:
    """Titles, and who has them."""

    def __init__(self, *titles):
        self.titles = list(titles)
        self.lent = {}

    def lend(self, title, reader):
        """Hand a title to a reader."""
        if title in self.lent or title not in self.titles:
            return False
        self.lent[title] = reader
        return True

    def give_back(self, title):
        """The title is here again."""
        return self.lent.pop(title, None)

    def here(self):
        """Titles that nobody has."""
        return [one for one in self.titles if one not in self.lent]
