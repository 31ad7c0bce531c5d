from quarterly import Report, render


def test_ends_with_newline():
    assert render(Report("x")).endswith("\n")


def test_csv_ends_with_newline():
    assert render(Report("x"), "csv").endswith("\n")
