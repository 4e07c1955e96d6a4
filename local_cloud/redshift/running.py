"""Running a statement to its end."""

import logging

import duckdb
from sqlglot import exp

from local_cloud.redshift.errors import SqlError
from local_cloud.redshift.sql.parsing import parse
from local_cloud.redshift.statements import Statement
from local_cloud.redshift.sub_statements import SubStatement
from local_cloud.redshift.warehouse import Transaction, Warehouse

_logger = logging.getLogger(__name__)


def run(statement: Statement, warehouse: Warehouse) -> None:
    """Bring the statement to FINISHED, FAILED or ABORTED; all of a batch takes effect, or nothing."""
    if not statement.pick():
        return
    try:
        finished = _run_all(statement, warehouse)
    except SqlError as error:
        _fail(statement, str(error))
    except duckdb.InterruptException:
        statement.abort()
    except Exception as error:  # a thread has nobody above it: the caller must see a terminal status
        _logger.exception("statement %s", statement.id)
        _fail(statement, f"internal error of the local warehouse: {error!r}")
    else:
        if not finished:
            statement.abort()


def _run_all(statement: Statement, warehouse: Warehouse) -> bool:
    parameters = statement.parameters
    with warehouse.transaction() as transaction:
        statement.start(transaction)
        try:
            for sub in statement.subs:
                if statement.cancelled:
                    return False
                _run_one(statement, sub, transaction, parameters)
            return statement.commit(transaction)
        finally:
            statement.detach()


def _run_one(
    statement: Statement, sub: SubStatement, transaction: Transaction, parameters: dict[str, str]
) -> None:
    sub.start()
    if statement.is_batch and isinstance(parse(sub.sql), exp.TruncateTable):
        raise SqlError(
            "TRUNCATE commits the transaction it runs in, so a batch with one is not all or nothing on Redshift; "
            "use DELETE FROM"
        )
    sub.end("FINISHED", outcome=transaction.run(sub.sql, parameters))


def _fail(statement: Statement, reason: str) -> None:
    # A failure of the commit is put down to the last statement.
    number, failed = next(
        ((n, sub) for n, sub in enumerate(statement.subs, 1) if sub.status != "FINISHED"),
        (len(statement.subs), statement.subs[-1]),
    )
    failed.end("FAILED", error=f"ERROR: {reason}")
    for later in statement.subs[number:]:
        later.end("ABORTED", error="Connection or an prior query failed.")
    prefix = f"Query #{number} failed with " if statement.is_batch else ""
    statement.fail(f"{prefix}ERROR: {reason}")
