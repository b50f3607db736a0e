"""What every key of a scenario file means: the reference page is printed from this table."""

from typing import Final

import msgspec

from tocsin.sim import script

TABLES: Final[dict[str, type[msgspec.Struct]]] = {
    "script": script.Script,
    "area": script.Box,
    "zones": script.Zones,
    "zones.grid": script.Grid,
    "lines": script.Line,
    "sensors": script.Radars,
    "faults": script.Trouble,
    "groups": script.Group,
    "groups.origin": script.Origin,
    "groups.target": script.Target,
    "groups.route": script.Route,
    "traffic": script.Traffic,
}
"""Table of the file -> what it is read as; "script" are the keys above the first table."""

LISTS: Final = ("lines", "sensors", "faults", "groups", "traffic")
"""Tables of which there may be several: `[[lines]]`."""

KEYS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "script": {
        "name": ("", "Shown in the scorecard."),
        "country": ("ua, il, or that of the map", "Of the zone map; it chooses the languages too."),
        "description": ("", "One line for `tocsin simulate --list`."),
        "format": ("", "Of this file."),
        "seconds": ("s", "Length; 0: until `after_s` after the last threat is down or gone."),
        "after_s": ("s", "How long the sky stays empty at the end, where `seconds` is 0."),
        "raids": ("", "How many raids are one run; each has its own chance."),
        "threats": ("law", "How many threats a raid has, for groups that give a `share`."),
        "wind_mps": ("m/s, law", "Drawn once to the east and once to the north."),
        "clutter_per_scan": ("", "Mean false plots of each radar in one turn."),
        "relay_s": ("s", "A concentrator passes everything on whenever so many seconds are full."),
        "sectors": ("", "Messages of each radar in one turn, each with its plots."),
        "area": ("table", "Where it plays."),
        "zones": ("table", "Which map; the shipped one of the country without it."),
        "lines": ("tables", "Rivers, coasts, borders, for laws to name."),
        "sensors": ("tables", "The radars."),
        "faults": ("tables", "What ails them."),
        "groups": ("tables", "What flies by plan: threats, mostly."),
        "traffic": ("tables", "What flies there every day."),
    },
    "area": {
        "lat_deg": ("deg", "Latitude of the centre."),
        "lon_deg": ("deg", "Longitude of the centre."),
        "wide_m": ("m", "From west to east."),
        "high_m": ("m", "From south to north."),
    },
    "zones": {
        "file": ("path", "A compiled zone map, relative to this file."),
        "grid": ("table", "A made-up map instead."),
    },
    "zones.grid": {
        "cell_m": ("m", "Side of a zone; they cover the area."),
        "people": ("", "Of all zones together."),
        "towns": ("", "How many; the n-th has 1/n of the people of the first."),
        "town_m": ("m", "Spread (one sigma) of a town of mean size."),
        "rural": ("share", "Of the people, who live outside towns."),
        "shelter_s": ("s, law", "Time to shelter of each zone."),
        "seed": ("", "Of the map: another seed of the raid leaves it as it is."),
    },
    "lines": {
        "name": ("", "Unique."),
        "points": ("[[lat, lon], ...]", "Its vertices in order."),
    },
    "sensors": {
        "name": ("", "Unique; several places are name-1, name-2, ..."),
        "places": ("[[lat, lon], ...]", "One radar at each."),
        "height_m": ("m, law", "Of the antenna above the ellipsoid."),
        "range_m_max": ("m", "Instrumented range."),
        "scan_s": ("s", "One turn."),
        "detection_chance": ("share", "In one look at what is well visible."),
        "sigma_range_m": ("m", "Noise of the range, one sigma."),
        "sigma_azimuth_deg": ("deg", "Noise of the azimuth, one sigma."),
        "sigma_height_m": ("m", "Noise of the height, one sigma."),
        "stale_s": ("s", "Silent for so long, it counts as lost (in the site file)."),
        "clutter_per_scan": ("", "False plots of these in one turn; -1: as the scenario says."),
    },
    "faults": {
        "sensor": ("name", "A radar (name-2), all of a make (name) or all there are (*)."),
        "chance": ("share", "That it happens at all, drawn for each radar."),
        "from_s": ("s, law", "When it begins."),
        "lasts_s": ("s, law", "How long; -1: to the end."),
        "off": ("", "It sends nothing."),
        "loss": ("share", "Of its datagrams, lost on the way."),
        "sees": ("share", "Of its chance of detection that is left."),
        "clutter_per_scan": ("law", "More false plots in each turn: jamming."),
        "clutter_deg": ("[from, to]", "The azimuths between which they lie, clockwise."),
        "range_bias_m": ("m, law", "Added to every range."),
        "azimuth_bias_deg": ("deg, law", "Added to every azimuth."),
        "clock_s": ("s, law", "How far its clock is ahead."),
    },
    "groups": {
        "name": ("", "Unique; flights are name-1, name-2, ..."),
        "kind": ("", "drone, cruise, ballistic, aircraft, helicopter, bird, unknown."),
        "target": ("table", "Where they are going."),
        "origin": ("table", "Where they come from."),
        "route": ("table", "How they get there."),
        "label": ("", "What people call it."),
        "count": ("law", "How many flights."),
        "share": ("share", "Of the scenario's threats, in the place of `count`."),
        "start_s": ("s, law", "When a salvo starts."),
        "arrive_s": ("s, law", "When it arrives, about, in the place of `start_s`."),
        "salvo": ("law", "Flights that share a start, and an origin but for its scatter."),
        "gap_s": ("s, law", "Between the starts of one salvo."),
        "together": ("", "A salvo has one target, not one for each flight."),
        "speed_mps": ("m/s, law", "Of each flight; a ballistic one's follows from its aim."),
        "height_m": ("m, law", "Above the ellipsoid; at half of the corners another is drawn."),
        "turn_dps": ("deg/s", "Rate of turn."),
        "climb_mps": ("m/s", "Rate of climb and descent."),
        "dive_deg": ("deg, law", "Of the dive at the end."),
        "decoys": ("share", "Lost or meant to mislead: they fall where the law `open` says."),
        "crossing": ("share", "Over the target and out of the area on the other side."),
        "falls_per_km": ("1/km", "Chance of being brought down on each kilometre."),
        "visibility": ("share, law", "Multiplies the radars' chance of detection."),
        "echo_m2": ("m2, law", "Radar cross-section; 0: range and speed do not matter."),
        "answers": ("share", "That has a transponder."),
        "elevation_deg": ("deg, law", "Of a ballistic launch."),
        "beta_kgpm2": ("kg/m2, law", "Ballistic coefficient."),
        "boost_s": ("s, law", "How long the motor burns; 0 starts at burnout."),
    },
    "groups.origin": {
        "law": ("", "See the laws below."),
        "places": ("[[lat, lon], ...]", "For the law `places`."),
        "line": ("name", "For the law `line`."),
        "bearing_deg": ("deg, law", "For `edge` and `target`: on which side."),
        "distance_m": ("m, law", "For `edge` and `target`: how far."),
        "scatter_m": ("m, law", "How far from there, in any direction, each flight starts."),
    },
    "groups.target": {
        "law": ("", "See the laws below."),
        "places": ("[[lat, lon], ...]", "For the law `places`."),
        "power": ("", "For `people`: 0 makes all zones alike, 1 all people."),
        "people_least": ("", "For `people` and `zones`: leave smaller zones out."),
        "sites": ("", "For `sites`: how many."),
        "scatter_m": ("m, law", "How far from there, in any direction, it comes down."),
    },
    "groups.route": {
        "law": ("", "See the laws below."),
        "legs": ("law", "For `legs` and `programmed`: how many."),
        "swing_deg": ("deg, law", "For `legs` and `programmed`: off the straight course."),
        "lines": ("names", "For `along`."),
        "keep_off": ("", "For `around`: how many zones are defended, from the most populous."),
        "keep_off_m": ("m, law", "For `around`: how far off each is passed."),
        "behind": ("share", "Flies past the target, turns, and comes from behind."),
        "beyond_m": ("m, law", "How far past."),
        "loiter": ("share", "Circles before the target."),
        "loiter_s": ("s, law", "For how long."),
        "loiter_m": ("m, law", "Radius of the circles."),
        "relief_m": ("m", "A new height is drawn so often, after the land below; 0: at corners."),
    },
    "traffic": {
        "craft": ("", "See below."),
        "count": ("law", "How many."),
        "answers": ("share", "Of those with a pilot, that have a transponder."),
        "fails": ("share", "Of these, whose transponder fails in the middle half of the time."),
    },
}
"""Table -> key -> unit or form, and meaning."""

EXAMPLE: Final = """\
name = "two drones"
country = "ua"
after_s = 60.0

[area]
lat_deg = 50.0
lon_deg = 36.0
wide_m = 60_000.0
high_m = 40_000.0

[zones.grid]
cell_m = 4_000.0
people = 200_000

[[sensors]]
name = "radar"
places = [[50.0, 36.0], [50.1, 36.3]]
height_m = 100.0

[[faults]]
sensor = "radar-2"
from_s = 300.0
off = true

[[groups]]
name = "drone"
kind = "drone"
count = 2
start_s = {uniform = [0.0, 60.0]}
speed_mps = {normal = [50.0, 4.0], least = 40.0, most = 60.0}
height_m = {uniform = [100.0, 600.0]}

[groups.origin]
law = "edge"
bearing_deg = {normal = [60.0, 20.0]}

[groups.target]
law = "people"
scatter_m = 300.0

[groups.route]
law = "legs"

[[traffic]]
craft = "light"
count = 1
"""
"""The example of the reference page; a test plays it."""
