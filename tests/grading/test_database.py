"""The grader's SQLite is SQLite, whose statements are compiled once for all engines."""

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from grading.database import CompiledOnce, compiled_once


class Base(DeclarativeBase):
    pass


class Word(Base):
    __tablename__ = "word"
    text: Mapped[str] = mapped_column(primary_key=True)


@pytest.mark.parametrize(
    "url", ["postgresql://user:secret@host/grades", "sqlite+pysqlite:////tmp/a.db"]
)
def test_what_is_not_plain_sqlite_stays_as_it_is(url):
    assert compiled_once(url) == url


def test_a_path_stays_as_it_is(tmp_path):
    path = tmp_path / "100% of #1? & so on" / "gradebook.db"
    url = compiled_once(f"sqlite:///{path}")
    assert url.endswith(f":///{path}")
    assert url != f"sqlite:///{path}"


def test_a_statement_is_compiled_once_and_each_engine_has_its_own_rows(
    tmp_path, monkeypatch
):
    compiled = []
    compiler = CompiledOnce.statement_compiler

    class Counted(compiler):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **named)
            compiled.append(str(self))

    monkeypatch.setattr(CompiledOnce, "statement_compiler", Counted)
    rows = {}
    for name in ("one", "two"):
        engine = create_engine(compiled_once(f"sqlite:///{tmp_path}/{name}.db"))
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            session.add(Word(text=name))
            session.commit()
            rows[name] = session.scalars(select(Word.text)).all()
        engine.dispose()
    assert rows == {"one": ["one"], "two": ["two"]}
    selects = [text for text in compiled if text.startswith("SELECT word.text")]
    assert len(selects) == 1


@pytest.mark.slow
def test_nbgrader_reads_what_was_written_under_it(tmp_path):
    url = f"sqlite:///{tmp_path}/gradebook.db"
    for student in ("ana", "bob"):
        with Gradebook(compiled_once(url)) as gradebook:
            gradebook.add_student(student)
    with Gradebook(url) as gradebook:
        assert [one.id for one in gradebook.students] == ["ana", "bob"]
