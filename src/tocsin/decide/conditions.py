"""What holds now at every zone and threat: the conditions by which the table of `stages` steps."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from tocsin.decide import stages
from tocsin.decide.memory import Int8Array, Limits, Memory
from tocsin.decide.policy import Policy
from tocsin.instant import ns
from tocsin.words import THREATS, BoolArray, FloatArray, IntArray

BALLISTIC: Final = THREATS.index("ballistic")

_AS_CALM: Final = np.array([0, 1, 2, 3, 4, 1, 0, 0, 0])
"""The line of `_calm` for each stage; nothing needs to calm down where nothing is asked."""

VANISHED_NS: Final = ns(600.0)
"""A track that is gone before it was due holds its zones' all-clear until then, and at most so
long. Chosen: terrain hides a low drone for minutes, and half of a raid drops off radar (domain
study, 2.4); a drone at 50 m/s is 30 km on by then."""


SPARED_NS: Final = ns(5.0)
"""Who is spared was so by at least as much before the earliest arrival. Chosen: a forecast is made
anew each second, and an arrival comes before its 5 % quantile once in twenty times, by a second or
two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is known of the `a` keys in question at `now`: columns (a,), risks (3, a)."""

    now_ns: int
    key: IntArray
    stage: Int8Array
    on: FloatArray
    off: FloatArray
    blind: BoolArray
    wanted: IntArray
    t_ns_arrival: IntArray
    t_ns_late: IntArray
    t_ns_early: IntArray
    near: IntArray  # the key of the neighbouring zone that a drone is at, -1 for none
    source: IntArray  # the key whose chance counts: its own, or another of an area told together
    present: frozenset[int]  # every track that arrivals still speak of as flying
    vanished: frozenset[int]  # those that ended in view
    cancel: BoolArray
    all_clear: BoolArray


def conditions(
    scene: Scene, memory: Memory, limits: Limits, policy: Policy
) -> dict[str, BoolArray]:
    """Each of `stages.CONDITIONS` for every key of `scene`; remembers what they depend on."""
    key, now_ns, stage = scene.key, scene.now_ns, scene.stage
    threat = key % len(THREATS)
    covers = scene.wanted >= stages.TAKE_COVER
    late_ns = np.where(covers, scene.t_ns_late, memory.t_ns_late[key])
    # Debris comes down sooner than the track was due, which may have been lost while it flies.
    sooner = covers & (memory.t_ns_late[key] > late_ns)
    late_ns = np.where(_vanished(scene, memory, sooner), memory.t_ns_late[key], late_ns)
    memory.t_ns_late[key] = late_ns
    memory.t_ns_early[key] = np.where(covers, scene.t_ns_early, memory.t_ns_early[key])
    stands = memory.standing[key]
    # it takes all the calm of a usual warning to end a standing one
    under = scene.off < limits.off_now(threat, stands & (stage != stages.STANDING))
    calm_now = _calm(scene, memory, under)
    calm_ns = np.where(memory.t_ns_calm[key] > 0, memory.t_ns_calm[key], now_ns)
    memory.t_ns_calm[key] = calm_ns = np.where(calm_now, calm_ns, 0)
    dwelt_ns = now_ns - memory.t_ns_entered[key]
    minimum_ns = limits.minimum_ns[threat, stage]
    lasted = calm_now & (now_ns - calm_ns >= limits.hold_ns[threat, stage])
    _remember_lost(scene, lasted, memory)
    short = (stage == stages.STAY) & (memory.spared[key] | ~memory.lost[key])
    spared_ns = np.minimum(limits.spared_ns[threat], minimum_ns)
    dwelt = dwelt_ns >= np.where(short, spared_ns, minimum_ns)
    calm = lasted & dwelt
    waits = calm & (late_ns > now_ns) & (now_ns - calm_ns < VANISHED_NS)
    calm &= ~_vanished(scene, memory, waits)
    _remember_spared(scene, calm_ns, memory)
    watched = calm & ~scene.blind
    return {
        "ordered_cancel": scene.cancel,
        "ordered_all_clear": scene.all_clear,
        "likely_take_cover": covers,
        "likely_early": scene.wanted >= stages.EARLY,
        "likely_stand_by": scene.wanted >= stages.STAND_BY,
        "declared": memory.declared[key],
        "outlasted": _outlasted(scene, memory, limits, policy),
        "stands": watched & stands,
        "near": scene.near >= 0,
        "passed": (scene.near < 0) & (memory.t_ns_expires[key] <= now_ns),
        "arrived": (late_ns > 0) & (late_ns < now_ns) & ~covers & dwelt,
        "calm": calm,
        "receded": watched & ~under[0],
        "over": watched & ((stage != stages.EARLY) | under[0]),
        "unwatched": scene.blind & ~memory.ordered[key],
        "shown": dwelt_ns >= ns(policy.shown_s),
    }


def _remember_spared(scene: Scene, calm_ns: IntArray, memory: Memory) -> None:
    """Of keys under take_cover, whether what falls has left them well before it was due.

    It is judged when the calm begins, and only while all that was feared still falls: of a track
    that is lost nobody knows where it comes down.
    """
    key, covers = scene.key, scene.stage == stages.TAKE_COVER
    memory.struck[key] &= stages.COVERED[scene.stage]
    memory.struck[key] |= (scene.stage == stages.STAY) & ~memory.spared[key]
    begins = covers & (calm_ns == scene.now_ns) & ~memory.struck[key] & ~memory.lost[key]
    begins &= (key % len(THREATS) == BALLISTIC) & (calm_ns + SPARED_NS < memory.t_ns_early[key])
    lasts = memory.spared[key] & (calm_ns > 0) & (calm_ns < scene.now_ns)
    memory.spared[key] = np.where(covers, begins | lasts, memory.spared[key])


def _remember_lost(scene: Scene, lasted: BoolArray, memory: Memory) -> None:
    """Of keys in cover, whether any track behind them was lost before they were calm for the hold.

    What is lost may have come down there. What still flies that long after it left has not, and
    a key that no track is behind, as by an order, is as one whose track was lost. What falls and
    ended in view is not lost: it is pieces, which have chances of their own, or is another track.
    """
    lost = stages.COVERED[scene.stage] & memory.lost[scene.key]
    accounted = scene.present | scene.vanished
    for place in np.flatnonzero(stages.COVERED[scene.stage] & ~lost):
        key = int(scene.key[place])
        behind = memory.behind.get(key)
        known = accounted if key % len(THREATS) == BALLISTIC else scene.present
        gone = any(track not in known for track in behind or ())
        lost[place] = behind is None or (gone and not lasted[place])
    memory.lost[scene.key] = lost


def _outlasted(scene: Scene, memory: Memory, limits: Limits, policy: Policy) -> BoolArray:
    """Whether people have been under alarm for so long that it has become their life."""
    key, cover = scene.key, stages.TAKE_COVER - 1
    long = scene.now_ns - memory.t_ns_alarm[key] >= ns(policy.standing_after_s)
    grave: FloatArray = limits.on_now(key % len(THREATS), np.ones(len(key), dtype=np.bool_))
    raised = memory.t_ns_raised[key] > scene.now_ns
    outlasted: BoolArray = long & (scene.on[cover] < grave[cover]) & ~scene.blind & ~raised
    return outlasted & ~memory.standing[key]


def _vanished(scene: Scene, memory: Memory, asked: BoolArray) -> BoolArray:
    """Of the keys `asked`, those whose tracks are all gone from every zone."""
    found = np.zeros(len(scene.key), dtype=np.bool_)
    for place in np.flatnonzero(asked):
        behind = memory.behind.get(int(scene.key[place]), ())
        found[place] = bool(behind) and all(track not in scene.present for track in behind)
    return found


def _calm(scene: Scene, memory: Memory, under: BoolArray) -> BoolArray:
    """Whether nothing justifies the present stage: what must be under, by stage.

    stand_by and standing: all three; early: early and take_cover; take_cover: take_cover; stay:
    take_cover and early, so that nobody leaves a shelter to be called back within minutes.
    """
    held = memory.t_ns_raised[scene.key] > scene.now_ns
    held |= memory.declared[scene.key] & (scene.stage == stages.STANDING)
    sounding = under[1] & under[2]
    by_stage = np.stack([np.zeros_like(held), sounding & under[0], sounding, under[2], sounding])
    calm: BoolArray = by_stage[_AS_CALM[scene.stage], np.arange(len(scene.key))] & ~held
    return calm
