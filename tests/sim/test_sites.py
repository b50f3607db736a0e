"""The site of a world is one that the service accepts, and it allows every radar that speaks."""

from tests.sim.decode import records, sub
from tests.sim.grid_map import grid_map
from tocsin.edge.site import parse, write
from tocsin.instant import NS_PER_S
from tocsin.sim.scenarios import scenario
from tocsin.sim.sites import site


def test_the_service_reads_the_site_file_back() -> None:
    world = scenario("demo-raid", 1, 1_790_000_000 * NS_PER_S, grid_map())
    assert parse(write(site(world))) == site(world)
    assert site(world).realm == "exercise"


def test_each_source_allows_what_its_radar_sends() -> None:
    world = scenario("demo-raid", 1, 1_790_000_000 * NS_PER_S, grid_map())
    allow = {source.name: source.allow for source in site(world).sources}
    for emission in list(world.emissions())[:400]:
        for _, record in records(emission.payload):
            address = (sub(record, "010", "SAC"), sub(record, "010", "SIC"))
            assert address in allow[emission.source]
