"""Recorded flights through the ballistic model: `tools/real_flights.py`, fewer runs."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.shared


@pytest.fixture
def tool(root: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(root / "tools")
    return importlib.import_module("real_flights")


@pytest.fixture
def tracks(shared: Path) -> Path:
    return shared / "data" / "tracks"


def test_boosters_fly_as_the_model_says(tool: Any, tracks: Path) -> None:
    """A filter that follows a wrong model is worse than the reports that it is given."""
    segments = list(tool.boosters(tracks / "launch_telemetry"))
    assert len(segments) == 11
    for segment in segments:
        assert segment.length_s > 100.0
        errors = [e for seed in range(3) for e in tool.follow(segment, 1.0, seed)]
        report, position = (tool.figure(errors, what) for what in ("report", "position"))
        assert position < 0.6 * report
        assert tool.figure(errors, "speed") < 2.0
        assert tool.figure(errors, "plane-60") < 300.0
        assert not any(error for what, age, error in errors if what == "boosting" and age > 10.0)


def test_sounding_rockets_are_taken_for_ballistic(tool: Any, tracks: Path) -> None:
    segments = list(tool.rockets(tracks / "rockets"))
    assert len(segments) == 7
    for segment in segments:
        velocity = segment.velocity(0.5 * segment.length_s)
        assert 20.0 < np.linalg.norm(velocity) < 400.0
        runs = [tool.follow(segment, 1.0, seed) for seed in range(5)]
        began = [any(what == "began" for what, _, _ in run) for run in runs]
        if segment.height_m[1] > 2_000.0:  # the two others are slower than what may begin
            assert all(began)
            errors = [e for run in runs for e in run]
            assert tool.figure(errors, "position") < tool.figure(errors, "report")


def test_metres_and_feet_are_told_apart(tool: Any, tracks: Path) -> None:
    """Apogees as published: Juno 3 at Spaceport America near 3.1 km over ground of 1.4 km."""
    heights = {s.name: s.height_m[1] for s in tool.rockets(tracks / "rockets")}
    assert 4_400.0 < heights["Juno 3"] < 4_900.0
    assert 1_200.0 < heights["NDRT 2020 (height only)"] < 1_450.0
