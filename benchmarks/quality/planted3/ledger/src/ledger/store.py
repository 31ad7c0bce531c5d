from __future__ import annotations

import warnings

from sqlalchemy import ForeignKey, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    postings: Mapped[list[Posting]] = relationship(back_populates="account")


class Posting(Base):
    __tablename__ = "posting"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    cents: Mapped[int]
    account: Mapped[Account] = relationship(back_populates="postings")


class UnknownAccount(LookupError):
    pass


class Book:
    def __init__(self, url: str = "sqlite://", listeners=()) -> None:
        self.engine = create_engine(url)
        Base.metadata.create_all(self.engine)
        self.session = Session(self.engine)
        self.listeners = list(listeners)

    def close(self) -> None:
        self.session.close()
        self.engine.dispose()

    def open_account(self, code: str, name: str) -> Account:
        account = Account(code=code, name=name)
        self.session.add(account)
        self.session.flush()
        return account

    def account(self, code: str) -> Account:
        found = self.session.scalar(select(Account).where(Account.code == code))
        if found is None:
            raise UnknownAccount(code)
        return found

    def post(self, debit: str, credit: str, cents: int) -> None:
        if cents <= 0:
            raise ValueError("amounts are positive")
        for code, signed in ((debit, cents), (credit, -cents)):
            self.session.add(Posting(account=self.account(code), cents=signed))
        self.session.flush()
        for listener in self.listeners:
            listener.posted(debit, credit, cents)

    def transfer(self, debit: str, credit: str, amount: float) -> None:
        warnings.warn("Book.transfer() takes floats; use Book.post()", DeprecationWarning, stacklevel=2)
        self.post(debit, credit, round(amount * 100))

    def balance(self, code: str) -> int:
        query = select(func.coalesce(func.sum(Posting.cents), 0)).where(Posting.account_id == self.account(code).id)
        return self.session.scalar(query)

    def trial_balance(self) -> int:
        return self.session.scalar(select(func.coalesce(func.sum(Posting.cents), 0)))
