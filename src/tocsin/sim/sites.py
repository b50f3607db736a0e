"""The site of a simulated world: what `tocsin run`, `demo` and `simulate` need to hear it."""

from tocsin.sim.world import World
from tocsin.words import Site, SourceSite

LANGUAGES: dict[str, tuple[str, ...]] = {"ua": ("uk", "en"), "il": ("he", "ar", "en", "ru")}
"""The languages in which the countries of the shipped maps are warned; elsewhere English."""


def site(world: World, mode: str = "automatic", port: int = 8600) -> Site:
    """The site that hears `world`: one UDP source for each radar, named as the radar.

    The sources listen on consecutive ports of the loopback from `port`; who feeds the emissions in
    directly ignores the ports. Each source allows only its own radar's SAC and SIC.
    """
    sources = tuple(
        SourceSite(
            name=sensor.name,
            url=f"udp://127.0.0.1:{port + number}",
            allow=((sensor.sac, sensor.sic),),
        )
        for number, sensor in enumerate(world.sensors)
    )
    return Site(
        name=world.name,
        realm=world.realm,
        mode=mode,
        zones=world.plan.zones or world.plan.country,
        sender="exercise@tocsin.invalid",
        sender_name="Tocsin exercise",
        languages=LANGUAGES.get(world.plan.country, ("en",)),
        sensors=world.sensors,
        sources=sources,
    )
