"""`pipeline readers`: who may read the warehouse and the analytics."""

import re
from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from local_cloud.state import StateFolder
from operations import display
from operations.deployment import warehouse_zones
from operations.errors import OperationError
from operations.options import DEFAULT_NAME, DEFAULT_STATE, Name, OnAws, State
from operations.terminal import console, told
from operations.warehouse import Warehouse, administrated
from sql import rights

_NAME = re.compile(
    r"[\w+=,.@-]{1,64}", re.ASCII
)  # UserName of CreateUser and RoleName of CreateRole in IAM's API reference


class Action(StrEnum):
    """What is done to the list of readers."""

    ADD = "add"
    REMOVE = "remove"
    LIST = "list"


def readers(
    action: Annotated[Action, typer.Argument(help="What to do.")],
    who: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Name of the IAM user, or with --role of the IAM role."),
    ] = None,
    role: Annotated[
        bool, typer.Option("--role", help="NAME is an IAM role: everybody who has it reads.")
    ] = False,
    state: State = DEFAULT_STATE,
    aws: OnAws = False,
    name: Name = DEFAULT_NAME,
) -> None:
    """Let IAM users and roles read the warehouse and the analytics, or no longer, or list them."""
    with told():
        user = "" if action is Action.LIST else _database_user(who, is_role=role)
        with warehouse_zones(StateFolder(state), name, purpose="readers", on_aws=aws):
            warehouse = administrated(name)
            if action is Action.LIST:
                columns, rows = warehouse.run(rights.readers())
                names = [reader for (reader,) in rows]
                console.answer({"readers": names}, lambda: console.print(display.rows_table(columns, rows)))
                return
            change(warehouse, action, user)
        console.answer(
            {"reader": user, "reads": action is Action.ADD},
            lambda: console.print(Text(_told(action, user, name)), soft_wrap=True),
        )


def change(warehouse: Warehouse, action: Action, user: str) -> None:
    """Add or remove a reader; what is done already stays done."""
    if action is Action.ADD:
        users, roles = _names(warehouse, rights.users()), _names(warehouse, rights.roles())
        warehouse.run(*rights.add_reader(user, users, roles))
    elif user in _names(warehouse, rights.readers()):
        warehouse.run(*rights.remove_reader(user))
    else:
        raise OperationError(f"{user} is no reader; `pipeline readers list` shows who is")


def _names(warehouse: Warehouse, query: str) -> set[str]:
    return {name for (name,) in warehouse.run(query)[1]}


def _database_user(name: str | None, *, is_role: bool) -> str:
    """The user of the database that stands for an identity of IAM."""
    if name is None or not _NAME.fullmatch(name):
        raise OperationError(
            f"found {name!r}, expected the name of an IAM user, or with --role of an IAM role, as IAM shows it, without a path"
        )
    return f"{'IAMR' if is_role else 'IAM'}:{name}"


def _told(action: Action, user: str, name: str) -> str:
    if action is Action.REMOVE:
        return f"{user} can no longer read; detach the policy as well (output ReadersPolicyArn of the stack {name}-warehouse)"
    return (
        f"{user} can read goodreads_warehouse, goodreads_analytics and goodreads_past. Attach the policy to the identity on AWS (output "
        f'ReadersPolicyArn of the stack {name}-warehouse); then, with its credentials: pipeline query --aws --name {name} "select ..."'
    )
