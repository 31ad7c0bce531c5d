from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, insert, select

metadata = MetaData()
files = Table("files", metadata, Column("id", Integer, primary_key=True), Column("name", String), Column("size", Integer))


class Catalog:
    def __init__(self) -> None:
        self.engine = create_engine("sqlite://")
        metadata.create_all(self.engine)

    def add(self, name: str, size: int) -> None:
        with self.engine.begin() as connection:
            connection.execute(insert(files).values(name=name, size=size))

    def names(self) -> list[str]:
        with self.engine.connect() as connection:
            return list(connection.scalars(select(files.c.name).order_by(files.c.name)))

    def close(self) -> None:
        self.engine.dispose()
