"""A scene with everything in it: for what must hold of all the tracker's compiled code."""

from typing import Any

import numpy as np

from tests.track import sounds
from tests.track.arcs import flight
from tests.track.scene import S, bytes_of, flights, rotating, watching
from tests.track.sky import AXES, NOTHING, T0, Path, Radar, place, rocket, watch
from tests.track.sounds import Net
from tests.track.test_others import friends, launches, others, picked
from tests.track.test_sights import pointed
from tocsin.track import Picture
from tocsin.track.kind import BALLISTIC, DRONE
from tocsin.words import HINT_DRONE, Fixes, FloatArray, Others, Tracks

LENGTH_S = 40
RADARS = [Radar((-50_000.0, 0.0, 300.0), 4.0), Radar((50_000.0, 10_000.0, 300.0), 5.0)]
NET, DEAF = Net(half_m=6_000.0), Net(half_m=6_000.0, sigma_deg=0.0)
FLIGHTS, NAMED = 10, (3, 4, 5)
ADDRESS = 0x500000
LAUNCHED_S = 1.5


def stacked(*parts: Any) -> Any:
    """Rows of several of the words that are columns as one."""
    names = type(parts[0]).__slots__
    return type(parts[0])(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    )


def spoken(rng: np.random.Generator, paths: list[Path], pad: FloatArray) -> list[Others]:
    """What is not a plot, a second at a time: a drone that nodes hear, some without a bearing, and
    that people hear and point at; what three of the flights say of themselves; a launch."""
    drone = sounds.path(rng, [1_000.0, -1_500.0, 700.0], 0.7, LENGTH_S + 2.0)
    told = []
    for t in range(1, LENGTH_S + 1):
        bearings, silences = NET.listen([drone], float(t), rng, HINT_DRONE)
        heard = DEAF.listen([drone], float(t), rng, HINT_DRONE)[1]
        plain = picked(heard, np.flatnonzero(heard.node % 5 == 0))
        bearings = picked(bearings, np.flatnonzero(bearings.node % 5 > 0))
        silences = picked(silences, np.flatnonzero(silences.node % 5 > 0))
        people = sounds.passers(drone, t - 0.5, rng, 1, NET.half_m)
        sights = pointed(rng, drone, float(t), sound=t % 2 == 0, elevation=True)
        claims = [
            friends(t, ADDRESS + k, paths[k](t), paths[k](t + 0.5) - paths[k](t - 0.5))
            for k in NAMED
        ]
        fired = launches(LAUNCHED_S, pad, 0.4) if t == 2 else launches(t)
        told.append(others(stacked(bearings, people, sights), stacked(silences, plain), NET.nodes,
                           stacked(*claims), fired))  # fmt: skip
    return told


def plots(rng: np.random.Generator, paths: list[Path], pad: FloatArray) -> list[Fixes]:
    """Of two radars with clutter, which see a rocket climb and one fall too, and of a system."""
    climbs = flight(pad, AXES.T @ [10.0, 20.0, 60.0], 5_000.0, thrust_mps2=45.0, burn_s=30.0)
    falls, _ = rocket((-20_000.0, 15_000.0, 12_000.0), (500.0, -200.0, -100.0), 5_000.0)
    seen = [*paths, climbs.path, falls]
    batches = rotating(RADARS[0], seen, LENGTH_S, rng, 15.0)
    batches += rotating(RADARS[1], seen, LENGTH_S, rng, 15.0, sensor=1)
    for number, path in enumerate(paths[:3]):
        batches += watch(RADARS[0], [path], LENGTH_S, rng, sensor=2, system_track=True,
                         track_number=number, mode_s=number)  # fmt: skip
    return [batch for batch in batches if len(batch)]


def found(tracks: Tracks) -> set[str]:
    """What of the scene the confirmed tracks show."""
    kind = tracks.kind_weight.argmax(axis=1)
    east, north, _ = ((tracks.position_m - sounds.ORIGIN) @ sounds.AXES.T).T
    near = (np.abs(east) < NET.half_m) & (np.abs(north) < NET.half_m)
    shows = {
        "launch": tracks.t_ns_born == T0 + round(LAUNCHED_S * S),
        "ballistic": (kind == BALLISTIC) & (tracks.t_ns_born != T0 + round(LAUNCHED_S * S)),
        "sound": (kind == DRONE) & near,
        "friend": tracks.friend,
        "system": np.isin(tracks.mode_s, [0, 1, 2]),
    }
    return {name for name, rows in shows.items() if (rows & tracks.confirmed).any()}


def busy() -> bytes:
    """Bytes of the tracks after each batch; batches come up to 5 s late."""
    rng = np.random.default_rng(10)
    paths, pad = flights(FLIGHTS, rng, 25_000.0), place((10_000.0, -20_000.0, 150.0))
    arrivals: list[tuple[int, Fixes, Others | None]] = [
        (int(batch.t_ns[-1]), batch, None) for batch in plots(rng, paths, pad)
    ]
    for t, told in enumerate(spoken(rng, paths, pad), 1):
        arrivals.append((T0 + t * S, NOTHING, told))
    delays = rng.uniform(0.0, 5e9, len(arrivals)).astype(np.int64).tolist()
    order = sorted(range(len(arrivals)), key=lambda k: arrivals[k][0] + delays[k])
    picture, shown, now_ns = Picture(), b"", T0
    shows: set[str] = set()
    for k in order:
        t_ns, batch, other = arrivals[k]
        now_ns = max(now_ns, t_ns)
        picture.update(now_ns, batch, watching([*RADARS, RADARS[0]], now_ns), other)
        tracks = picture.tracks()
        shown += bytes_of(tracks)
        shows |= found(tracks)
    assert shows == {"launch", "ballistic", "sound", "friend", "system"}, shows
    assert tracks.confirmed.sum() >= FLIGHTS + 3
    assert picture.replayed > 100
    return shown
