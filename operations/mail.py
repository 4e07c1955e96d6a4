"""`pipeline mail`: what the topics of this machine have sent by e-mail."""

from typing import Annotated

import typer

from local_cloud.mailbox import Mail, Mailbox
from local_cloud.state import StateFolder
from operations import display
from operations.errors import OperationError
from operations.options import DEFAULT_STATE, State
from operations.terminal import console, told


def mail(
    number: Annotated[
        int | None, typer.Argument(help="Number of the e-mail to print; without it all are listed.")
    ] = None,
    state: State = DEFAULT_STATE,
) -> None:
    """List the e-mails that alarms and failed runs have sent, or print one."""
    with told():
        mails = Mailbox(StateFolder(state).mail).mails()
        if number is None:
            listed = [display.mail_document(found) for found in mails]
            console.answer({"mails": listed}, lambda: console.print(display.mails_table(mails)))
            return
        for found in mails:
            if found.number == number:
                _answer(found)
                return
        raise OperationError(
            f"there is no e-mail {number}; `pipeline mail` lists all {len(mails)} e-mails"
            if mails
            else "there is no e-mail; e-mails are sent if the deployment has an address: -c alarm_email=you@example.com"
        )


def _answer(found: Mail) -> None:
    document = {**display.mail_document(found), "text": found.text}
    console.answer(document, lambda: display.mail(console, found))
