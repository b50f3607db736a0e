"""CAT 034 records: the sensor is alive, and perhaps says where it stands and how fast it turns."""

from typing import Final

import numpy as np

from tocsin.sense.columns import Columns
from tocsin.sense.layout import ABSENT
from tocsin.sense.sensors import SensorTable
from tocsin.words import BoolArray

NAMES: Final = (
    "sac",
    "sic",
    "time_of_day_s",
    "rotation_period_s",
    "source_height_m",
    "source_lat_deg",
    "source_lon_deg",
)
"""The fields of CAT 034 that this room reads."""


def simulated(columns: Columns) -> BoolArray:
    """None: the category has no such mark."""
    return _nowhere(columns)


def measured(columns: Columns) -> BoolArray:
    """None: a service message is about the radar."""
    return _nowhere(columns)


def needs_place(columns: Columns) -> BoolArray:
    """None, for it measures nothing."""
    return _nowhere(columns)


def learn(sensors: SensorTable, sensor: int, columns: Columns, row: int) -> None:
    """Note in `sensors` what the record in `row` says of its sensor."""
    if columns["rotation_period_s"].item(row) > 0:
        sensors.learn_scan(sensor, columns.one("rotation_period_s", row))
    if columns["source_lat_deg"].item(row) != ABSENT:
        sensors.learn_place(
            sensor,
            columns.one("source_lat_deg", row),
            columns.one("source_lon_deg", row),
            columns.one("source_height_m", row),
        )


def _nowhere(columns: Columns) -> BoolArray:
    return np.zeros(len(columns["sac"]), dtype=np.bool_)
