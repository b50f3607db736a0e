"""CAT 062, system tracks: EUROCONTROL-SPEC-0149-9, edition 1.21.

| FRN | item | structure | what we use it for |
|---|---|---|---|
| 1 | I062/010 data source | 2 | which system; mandatory |
| 2 | spare | | |
| 3 | I062/015 service | 1 | decoded, not used |
| 4 | I062/070 time of track | 3, 1/128 s | when; mandatory |
| 5 | I062/105 WGS-84 position | 4 + 4, 180/2^25 deg | where |
| 6 | I062/100 Cartesian position | 3 + 3, 0.5 m | where, when 105 is absent |
| 7 | I062/185 velocity | 2 + 2, 0.25 m/s | velocity |
| 8 | I062/210 acceleration | 1 + 1, 0.25 m/s2 | decoded, not used |
| 9 | I062/060 Mode 3/A | 2 | code; friend when valid |
| 10 | I062/245 target identification | 7 | decoded, not used |
| 11 | I062/380 aircraft derived data | compound | ADR; ID decoded |
| 12 | I062/040 track number | 2 | the system's track; mandatory |
| 13 | I062/080 track status | extended, 7 extents | SIM, TSE, SRC, others decoded; mandatory |
| 14 | I062/290 update ages | compound | decoded, not used yet |
| 15 | I062/200 mode of movement | 1 | decoded, not used |
| 16 | I062/295 data ages | compound | skipped |
| 17 | I062/136 measured flight level | 2, 1/4 FL | height |
| 18 | I062/130 geometric altitude | 2, 6.25 ft, above the ellipsoid | height |
| 19 | I062/135 barometric altitude | 2, 1/4 FL | height |
| 20 | I062/220 rate of climb | 2, 6.25 ft/min | velocity |
| 21 | I062/390 flight plan data | compound | skipped |
| 22 | I062/270 size and orientation | extended, 3 extents | skipped |
| 23 | I062/300 vehicle fleet | 1 | skipped |
| 24 | I062/110 Mode 5 data | compound | skipped |
| 25 | I062/120 Mode 2 | 2 | skipped |
| 26 | I062/510 composed track number | extended without limit, 3 octets | skipped |
| 27 | I062/500 estimated accuracies | compound | covariance |
| 28 | I062/340 measured information | compound | SIM, TST of the last report |
| 29-33 | spare | | |
| 34, 35 | RE, SP | explicit | skipped |

Clause 5.2 of that document defines the items, 5.3 the order.

**Which edition is it?** CAT 062 has been re-laid without a version number on the wire, and a
record of an older edition mostly walks to something. A block is believed to be of edition 1.21
only as a whole, when (a) every record walks by the table above, naming no spare item, subfield or
extent, (b) the last record ends exactly at LEN, (c) every record has the four items that the
edition makes mandatory, and (d) every time of day is below 24 h and every latitude and longitude
on Earth. Else the block is "edition" and none of it is used. A block cut short by its datagram
cannot be proven either: it is "truncated", whole. A first FSPEC of more than five octets is
"fspec". Of 100 datagrams of an obsolete edition recorded in 2008, all are refused.
"""

from typing import Final

from tocsin.geo import FOOT_M, QUARTER_FLIGHT_LEVEL_M
from tocsin.sense.cat034 import TIME_OF_DAY_MOST
from tocsin.sense.layout import (
    Category,
    Compound,
    Explicit,
    Extended,
    Field,
    Fixed,
    Item,
    Repeated,
)

_DEGREE_OF_25_BITS: Final = 180.0 / 2**25
_CLIMB_UNIT_MPS: Final = 6.25 * FOOT_M / 60

_STATUS: Final = Item(
    "080",
    Extended(7),
    (
        Field("mon", 0, 1),
        Field("spi", 1, 1),
        Field("mrh", 2, 1),
        Field("src", 3, 3),
        Field("cnf", 6, 1),
        Field("sim", 0, 1, part=1),
        Field("tse", 1, 1, part=1),
        Field("tsb", 2, 1, part=1),
        Field("fpc", 3, 1, part=1),
        Field("aff", 4, 1, part=1),
        Field("stp", 5, 1, part=1),
        Field("kos", 6, 1, part=1),
        Field("ama", 0, 1, part=2),
        Field("md4", 1, 2, part=2),
        Field("me", 3, 1, part=2),
        Field("mi", 4, 1, part=2),
        Field("md5", 5, 2, part=2),
        Field("cst", 0, 1, part=3),
        Field("psr_old", 1, 1, part=3),
        Field("ssr_old", 2, 1, part=3),
        Field("mds_old", 3, 1, part=3),
        Field("ads_old", 4, 1, part=3),
        Field("sds", 0, 2, part=4),
        Field("pft", 5, 1, part=4),
    ),
)
_AIRCRAFT_DERIVED: Final = Compound(
    (
        Item("ADR", Fixed(3), (Field("mode_s", 0, 24),)),
        Item("ID", Fixed(6), (Field("identification", 0, 48),)),
        Item("MHG", Fixed(2)),
        Item("IAS", Fixed(2)),
        Item("TAS", Fixed(2)),
        Item("SAL", Fixed(2)),
        Item("FSS", Fixed(2)),
        Item("TIS", Extended(1)),
        Item("TID", Repeated(15)),
        Item("COM", Fixed(2)),
        Item("SAB", Fixed(2)),
        Item("ACS", Fixed(7)),
        Item("BVR", Fixed(2)),
        Item("GVR", Fixed(2)),
        Item("RAN", Fixed(2)),
        Item("TAR", Fixed(2)),
        Item("TAN", Fixed(2)),
        Item("GS", Fixed(2)),
        Item("VUN", Fixed(1)),
        Item("MET", Fixed(8)),
        Item("EMC", Fixed(1)),
        Item("POS", Fixed(6)),
        Item("GAL", Fixed(2)),
        Item("PUN", Fixed(1)),
        Item("BDSDATA", Repeated(8)),
        Item("IAR", Fixed(2)),
        Item("MAC", Fixed(2)),
        Item("BPS", Fixed(2)),
    )
)
_UPDATE_AGES: Final = Compound(
    tuple(
        Item(name.upper(), Fixed(bits // 8), (Field(f"age_{name}_s", 0, bits, lsb=0.25),))
        for name, bits in (
            ("trk", 8),
            ("psr", 8),
            ("ssr", 8),
            ("mds", 8),
            ("ads", 16),
            ("es", 8),
            ("vdl", 8),
            ("uat", 8),
            ("lop", 8),
            ("mlt", 8),
        )
    )
)
_DATA_AGES: Final = Compound(tuple(Item(f"age {n}", Fixed(1)) for n in range(1, 32)))
_FLIGHT_PLAN: Final = Compound(
    (
        Item("TAG", Fixed(2)),
        Item("CS", Fixed(7)),
        Item("IFI", Fixed(4)),
        Item("FCT", Fixed(1)),
        Item("TAC", Fixed(4)),
        Item("WTC", Fixed(1)),
        Item("DEP", Fixed(4)),
        Item("DST", Fixed(4)),
        Item("RDS", Fixed(3)),
        Item("CFL", Fixed(2)),
        Item("CTL", Fixed(2)),
        Item("TOD", Repeated(4)),
        Item("AST", Fixed(6)),
        Item("STS", Fixed(1)),
        Item("STD", Fixed(7)),
        Item("STA", Fixed(7)),
        Item("PEM", Fixed(2)),
        Item("PEC", Fixed(7)),
    )
)
_MODE_5: Final = Compound(
    (
        Item("SUM", Fixed(1)),
        Item("PMN", Fixed(4)),
        Item("POS", Fixed(6)),
        Item("GA", Fixed(2)),
        Item("EM1", Fixed(2)),
        Item("TOS", Fixed(1)),
        Item("XP", Fixed(1)),
    )
)
_ACCURACIES: Final = Compound(
    (
        Item(
            "APC",
            Fixed(4),
            (Field("apc_x_m", 0, 16, lsb=0.5), Field("apc_y_m", 16, 16, lsb=0.5)),
        ),
        Item("COV", Fixed(2), (Field("cov_m", 0, 16, signed=True, lsb=0.5),)),
        Item(
            "APW",
            Fixed(4),
            (
                Field("apw_lat_deg", 0, 16, lsb=_DEGREE_OF_25_BITS),
                Field("apw_lon_deg", 16, 16, lsb=_DEGREE_OF_25_BITS),
            ),
        ),
        Item("AGA", Fixed(1), (Field("aga_m", 0, 8, lsb=6.25 * FOOT_M),)),
        Item("ABA", Fixed(1), (Field("aba_m", 0, 8, lsb=QUARTER_FLIGHT_LEVEL_M),)),
        Item(
            "ATV",
            Fixed(2),
            (Field("atv_x_mps", 0, 8, lsb=0.25), Field("atv_y_mps", 8, 8, lsb=0.25)),
        ),
        Item("AA", Fixed(2)),
        Item("ARC", Fixed(1), (Field("arc_mps", 0, 8, lsb=_CLIMB_UNIT_MPS),)),
    )
)
_MEASURED: Final = Compound(
    (
        Item("SID", Fixed(2)),
        Item("POS", Fixed(4)),
        Item("HEIGHT", Fixed(2)),
        Item("MDC", Fixed(2)),
        Item("MDA", Fixed(2)),
        Item(
            "TYP",
            Fixed(1),
            (
                Field("measured_typ", 0, 3),
                Field("measured_sim", 3, 1),
                Field("measured_rab", 4, 1),
                Field("measured_tst", 5, 1),
            ),
        ),
    )
)


def _signed_pair(first: str, second: str, octets: int, lsb: float) -> tuple[Field, Field]:
    return (
        Field(first, 0, 8 * octets, signed=True, lsb=lsb),
        Field(second, 8 * octets, 8 * octets, signed=True, lsb=lsb),
    )


CAT062: Final = Category(
    62,
    "1.21",
    (
        Item("010", Fixed(2), (Field("sac", 0, 8), Field("sic", 8, 8))),
        None,
        Item("015", Fixed(1), (Field("service", 0, 8),)),
        Item(
            "070",
            Fixed(3),
            (Field("time_of_day_s", 0, 24, lsb=1 / 128, least=0, most=TIME_OF_DAY_MOST),),
        ),
        Item(
            "105",
            Fixed(8),
            (
                Field("lat_deg", 0, 32, True, _DEGREE_OF_25_BITS, least=-(2**24), most=2**24),
                Field("lon_deg", 32, 32, True, _DEGREE_OF_25_BITS, least=-(2**25), most=2**25),
            ),
        ),
        Item("100", Fixed(6), _signed_pair("x_m", "y_m", 3, 0.5)),
        Item("185", Fixed(4), _signed_pair("vx_mps", "vy_mps", 2, 0.25)),
        Item("210", Fixed(2), _signed_pair("ax_mps2", "ay_mps2", 1, 0.25)),
        Item(
            "060",
            Fixed(2),
            (
                Field("mode_3a_v", 0, 1),
                Field("mode_3a_g", 1, 1),
                Field("mode_3a_ch", 2, 1),
                Field("mode_3a", 4, 12),
            ),
        ),
        Item("245", Fixed(7), (Field("sti", 0, 2), Field("target_identification", 8, 48))),
        Item("380", _AIRCRAFT_DERIVED),
        Item("040", Fixed(2), (Field("track_number", 0, 16),)),
        _STATUS,
        Item("290", _UPDATE_AGES),
        Item(
            "200",
            Fixed(1),
            (
                Field("trans", 0, 2),
                Field("long", 2, 2),
                Field("vert", 4, 2),
                Field("adf", 6, 1),
            ),
        ),
        Item("295", _DATA_AGES),
        Item(
            "136",
            Fixed(2),
            (Field("measured_level_m", 0, 16, signed=True, lsb=QUARTER_FLIGHT_LEVEL_M),),
        ),
        Item(
            "130",
            Fixed(2),
            (Field("geometric_altitude_m", 0, 16, signed=True, lsb=6.25 * FOOT_M),),
        ),
        Item(
            "135",
            Fixed(2),
            (
                Field("qnh", 0, 1),
                Field("barometric_altitude_m", 1, 15, signed=True, lsb=QUARTER_FLIGHT_LEVEL_M),
            ),
        ),
        Item("220", Fixed(2), (Field("climb_mps", 0, 16, signed=True, lsb=_CLIMB_UNIT_MPS),)),
        Item("390", _FLIGHT_PLAN),
        Item("270", Extended(3)),
        Item("300", Fixed(1)),
        Item("110", _MODE_5),
        Item("120", Fixed(2)),
        Item("510", Extended(0, octets=3)),
        Item("500", _ACCURACIES),
        Item("340", _MEASURED),
        None,
        None,
        None,
        None,
        None,
        Item("RE", Explicit()),
        Item("SP", Explicit()),
    ),
    mandatory=("sac", "time_of_day_s", "track_number", "mon"),
    whole=True,
)
