"""Whom to warn, of what, when, and when it is over."""

from tocsin.decide.authority import Authority
from tocsin.decide.board import Board, Decided
from tocsin.decide.coverage import (
    HEIGHT_M,
    Coverage,
    lowest_of_zones_m,
    uncovered,
)
from tocsin.decide.orders import OrderGate
from tocsin.decide.policies import POLICIES
from tocsin.decide.policy import Policy, table
from tocsin.decide.sight import UNSEEN, Sight

__all__ = [
    "HEIGHT_M",
    "POLICIES",
    "UNSEEN",
    "Authority",
    "Board",
    "Coverage",
    "Decided",
    "OrderGate",
    "Policy",
    "Sight",
    "lowest_of_zones_m",
    "table",
    "uncovered",
]
