"""`pipeline contract`: what readers and producers may rely on."""

from rich.text import Text

from operations.terminal import console, told
from sql.open_contract import contract_page, open_contract


def contract() -> None:
    """Print the contract of the data, in the Open Data Contract Standard: tables, columns, rules with their severity, freshness."""
    with told():
        console.answer(
            open_contract(),
            lambda: console.print(Text(contract_page()), soft_wrap=True, end="", highlight=False),
        )
