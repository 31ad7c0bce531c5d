def price(amount):
    return -amount
