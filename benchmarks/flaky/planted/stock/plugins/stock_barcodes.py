def encode(item):
    return "|" + item + "|"
