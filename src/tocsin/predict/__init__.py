"""Tracks -> arrivals: which zones each threat may harm, how surely, and when."""

from tocsin.predict.arrival import Forecast

__all__ = ["Forecast"]
