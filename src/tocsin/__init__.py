"""Tocsin: the open civilian early-warning system for missiles, rockets and attack drones."""

__version__ = "0.1.0"
