"""Whom to warn, of what, when, and when it is over."""

from tocsin.decide.authority import Authority
from tocsin.decide.board import Board, Decided
from tocsin.decide.coverage import uncovered
from tocsin.decide.orders import OrderGate
from tocsin.decide.policies import POLICIES
from tocsin.decide.policy import Policy, table

__all__ = [
    "POLICIES",
    "Authority",
    "Board",
    "Decided",
    "OrderGate",
    "Policy",
    "table",
    "uncovered",
]
