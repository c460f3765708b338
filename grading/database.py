"""SQLite for whoever opens one gradebook many times.

nbgrader opens its gradebook some nine times to write one submission, each time with a
new engine, for which SQLAlchemy compiles all statements anew. Under this dialect, which
is SQLite's own in all else, the engines of a process share what was compiled.
"""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

NAME = "sqlite+compiledonce"
_compiled: dict[Any, Any] = {}


class CompiledOnce(SQLiteDialect_pysqlite):
    """SQLite, with compiled statements that all engines of this dialect share.

    Source: SQLAlchemy's documentation of dialects that are registered in-process, and
    of the execution option ``compiled_cache``.
    """

    supports_statement_cache = True

    # What is compiled is kept by statement and dialect: each engine has one of its own.
    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Have a new engine use what others compiled."""
        engine.update_execution_options(compiled_cache=_compiled)


registry.register(NAME.replace("+", "."), __name__, CompiledOnce.__name__)


def compiled_once(url: str) -> str:
    """Return the URL of the same gradebook under this dialect, if it is SQLite's."""
    return url.replace("sqlite:", f"{NAME}:", 1) if url.startswith("sqlite:") else url
