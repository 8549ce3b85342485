"""Every refusal of the emulator as a row of data.

Why a table: the emulator is only worth what it knows of AWS. Code that raises by the name of a
row can be checked against a real account later, row by row, and a row that no test reaches is
visible. Each row says how sure it is through its source.
"""

from aws_emulator.rules.row import Refusal, Rule, table
from aws_emulator.rules.rows_address import ROWS as ADDRESS
from aws_emulator.rules.rows_call import ROWS as CALL
from aws_emulator.rules.rows_group import ROWS as GROUP
from aws_emulator.rules.rows_iam import ROWS as IAM
from aws_emulator.rules.rows_id import ROWS as ID
from aws_emulator.rules.rows_instance import ROWS as INSTANCE
from aws_emulator.rules.rows_interface import ROWS as INTERFACE
from aws_emulator.rules.rows_network import ROWS as NETWORK
from aws_emulator.rules.rows_placement import ROWS as PLACEMENT
from aws_emulator.rules.rows_storage import ROWS as STORAGE
from aws_emulator.rules.rows_sts import ROWS as STS

RULES = table(CALL, ID, NETWORK, INTERFACE, GROUP, ADDRESS, INSTANCE, PLACEMENT, STORAGE, STS, IAM)


def refuse(rule_name: str, /, **values: object) -> Refusal:
    """Return the refusal of a rule with its text filled in; the caller raises it.

    A name that is not in the table is a KeyError: no refusal without a row.
    """
    rule = RULES[rule_name]
    return Refusal(rule, rule.text.format(**values))


__all__ = ["RULES", "Refusal", "Rule", "refuse"]
