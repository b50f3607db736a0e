"""One installation: what its site file says."""

from tocsin.words.basics import THREATS, Word


class SensorSite(Word, frozen=True, kw_only=True, tag=False, forbid_unknown_fields=True):
    """One sensor of the site file. `height_m` is of the antenna above the ellipsoid.

    `mast_m` is the same above the ground there, -1 when not stated. `sees` are the threats that it
    sees at all. `sac`, `sic` are its ASTERIX address (-1 when it has none). `name` is unique.
    """

    name: str
    lat_deg: float
    lon_deg: float
    height_m: float = 0.0
    sac: int = -1
    sic: int = -1
    range_m_max: float = 200_000.0
    scan_s: float = 4.0
    detection_chance: float = 0.9
    stale_s: float = 15.0
    sigma_range_m: float = 50.0
    sigma_azimuth_deg: float = 0.1
    sigma_height_m: float = 150.0
    mast_m: float = -1.0
    sees: tuple[str, ...] = THREATS


class SourceSite(Word, frozen=True, kw_only=True, tag=False, forbid_unknown_fields=True):
    """One input. `url`: udp://host:port, pcap://path, file://path. `format`: asterix.

    `allow` lists the SAC/SIC pairs accepted from it; empty means any (replay and tests only).
    """

    name: str
    url: str
    format: str = "asterix"
    allow: tuple[tuple[int, int], ...] = ()


class OperatorSite(Word, frozen=True, kw_only=True, tag=False, forbid_unknown_fields=True):
    """One person who may give orders; `public_key` is Ed25519, 64 hexadecimal digits."""

    name: str
    public_key: str
    actions: tuple[str, ...] = ("release", "stop", "cancel", "all_clear", "raise")


class PlaceSite(Word, frozen=True, kw_only=True, tag=False, forbid_unknown_fields=True):
    """One place that draws threats as `people` more inhabitants of its zone would."""

    name: str
    lat_deg: float
    lon_deg: float
    people: int


class Site(Word, frozen=True, kw_only=True, tag=False, forbid_unknown_fields=True):
    """One installation, as read from its TOML file by `edge.site`. Frozen; hashed into the journal.

    `zones` is the path of the compiled zone map or the name of a shipped one ("ua", "il").
    `elevation` is the path of a folder of SRTM tiles, "" for a smooth Earth.
    `shadow` is the path of a comparison with an authority, which a live site needs before it warns.
    """

    name: str
    realm: str
    mode: str
    zones: str
    sender: str
    sender_name: str
    languages: tuple[str, ...]
    sensors: tuple[SensorSite, ...] = ()
    sources: tuple[SourceSite, ...] = ()
    operators: tuple[OperatorSite, ...] = ()
    elevation: str = ""
    places: tuple[PlaceSite, ...] = ()
    policy: str = "default"
    aims: str = "people"
    confirm_s: float = 15.0
    clock_s_max: float = 15.0
    require_coverage: bool = False
    shadow: str = ""
    public_url: str = "http://127.0.0.1:8080"
    public_listen: str = "127.0.0.1:8080"
    private_listen: str = "127.0.0.1:8081"
    journal: str = "tocsin-journal.sqlite"
    keys: str = "tocsin-keys"
