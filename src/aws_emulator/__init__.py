"""A strict emulator of AWS EC2 and EBS, driven by botocore's own service model.

Why it exists: the bugs that cost money on a cloud (a second instance after a lost answer, an
adoption that looked too early, a retry storm) do not show on an emulator that ignores client
tokens, answers every create at once and accepts every parameter. This one refuses what EC2
refuses, takes the time EC2 takes, and can lose answers on purpose.

It knows nothing of the product and the product nothing of it: they meet over HTTP only.

Everything it makes is simulated; texts that a person may read (console output, control API) say so.
"""

from aws_emulator.clock import Clock, ManualClock, SystemClock
from aws_emulator.config import Config
from aws_emulator.emulator import Emulator
from aws_emulator.http import serve
from aws_emulator.rules import RULES, Refusal, Rule

__all__ = [
    "RULES",
    "Clock",
    "Config",
    "Emulator",
    "ManualClock",
    "Refusal",
    "Rule",
    "SystemClock",
    "serve",
]
