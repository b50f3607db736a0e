"""CAT 048, monoradar target reports: EUROCONTROL-SPEC-0149-4, edition 1.32.

| FRN | item | structure | what we use it for |
|---|---|---|---|
| 1 | I048/010 data source | 2 | which radar; mandatory |
| 2 | I048/140 time of day | 3, 1/128 s | when it was seen; mandatory |
| 3 | I048/020 target report descriptor | extended, 6 extents | TYP, SIM, RAB, TST |
| 4 | I048/040 measured position | 2 + 2, 1/256 NM slant, 360/2^16 deg | where |
| 5 | I048/070 Mode 3/A | 2 | code; friend when valid |
| 6 | I048/090 flight level | 2, 1/4 FL | pressure altitude |
| 7 | I048/130 plot characteristics | compound | decoded, not used yet |
| 8 | I048/220 aircraft address | 3 | Mode S address; friend |
| 9 | I048/240 aircraft identification | 6 | decoded, not used |
| 10 | I048/250 BDS register data | repeated 8 | skipped |
| 11 | I048/161 track number | 2 | the radar's own track |
| 12 | I048/042 calculated position | 2 + 2, 1/128 NM | decoded, not used |
| 13 | I048/200 calculated velocity | 2 + 2, 2^-14 NM/s, 360/2^16 deg | decoded, not used |
| 14 | I048/170 track status | extended, 2 extents | TRE: the track ended |
| 15 | I048/210 track quality | 4 | decoded, not used |
| 16 | I048/030 warnings, classification | extended without limit | 19, 20 birds; 24 helicopter |
| 17 | I048/080 Mode 3/A confidence | 2 | skipped |
| 18 | I048/100 Mode C and confidence | 4 | skipped |
| 19 | I048/110 height by a 3D radar | 2, 25 ft | height above mean sea level |
| 20 | I048/120 radial Doppler speed | compound | CAL decoded, not used: sign unsure; RDS skipped |
| 21 | I048/230 communications, status | 2 | decoded in part, not used |
| 22 | I048/260 ACAS advisory | 7 | skipped |
| 23-26 | I048/055, 050, 065, 060 | 1, 2, 1, 2 | skipped |
| 27, 28 | SP, RE | explicit | skipped |

Clause 5.2 of that document defines the items, 5.3 the order. Of I048/030 the first four codes
are read: chosen, because a plot has one classification and seldom more than two warnings.

The sign of I048/120 is the radar's own: its note only recommends positive away from the radar and
leaves it to the interface document of each system, so no range rate is made of it unasked.
"""

from typing import Final

from tocsin.geo import NAUTICAL_MILE_M, QUARTER_FLIGHT_LEVEL_M
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

WARNINGS: Final = ("warning_1", "warning_2", "warning_3", "warning_4")
BIRD_CODES: Final = (19, 20)  # I048/030: birds, flock of birds
HELICOPTER_CODE: Final = 24  # I048/030
RHO_OVERFLOW: Final = 0xFFFF  # I048/040: the range does not fit, see RE
HEIGHT_3D_ENDS: Final = (-0x2000, 0x1FFF)  # I048/110: 14 bits, so -62.4 and 62.4 km, or beyond

_TURN_OF_16_BITS: Final = 360 / 2**16
_SPEED_UNIT_MPS: Final = NAUTICAL_MILE_M / 2**14

_DESCRIPTOR: Final = Item(
    "020",
    Extended(6),
    (
        Field("typ", 0, 3),
        Field("sim", 3, 1),
        Field("rdp", 4, 1),
        Field("spi", 5, 1),
        Field("rab", 6, 1),
        Field("tst", 0, 1, part=1),
        Field("err", 1, 1, part=1),
        Field("xpp", 2, 1, part=1),
        Field("me", 3, 1, part=1),
        Field("mi", 4, 1, part=1),
        Field("foe_fri", 5, 2, part=1),
    ),
)
_CHARACTERISTICS: Final = Compound(
    (
        Item("SRL", Fixed(1), (Field("run_length_ssr_deg", 0, 8, lsb=360 / 2**13),)),
        Item("SRR", Fixed(1), (Field("replies_ssr", 0, 8),)),
        Item("SAM", Fixed(1), (Field("amplitude_ssr_dbm", 0, 8, signed=True),)),
        Item("PRL", Fixed(1), (Field("run_length_psr_deg", 0, 8, lsb=360 / 2**13),)),
        Item("PAM", Fixed(1), (Field("amplitude_psr_dbm", 0, 8, signed=True),)),
        Item(
            "RPD",
            Fixed(1),
            (Field("range_difference_m", 0, 8, signed=True, lsb=NAUTICAL_MILE_M / 2**8),),
        ),
        Item(
            "APD",
            Fixed(1),
            (Field("azimuth_difference_deg", 0, 8, signed=True, lsb=360 / 2**14),),
        ),
    )
)
_TRACK_STATUS: Final = Item(
    "170",
    Extended(2),
    (
        Field("cnf", 0, 1),
        Field("rad", 1, 2),
        Field("dou", 3, 1),
        Field("mah", 4, 1),
        Field("cdm", 5, 2),
        Field("tre", 0, 1, part=1),
        Field("gho", 1, 1, part=1),
        Field("sup", 2, 1, part=1),
        Field("tcc", 3, 1, part=1),
    ),
)
_COMMUNICATIONS: Final = Item(
    "230",
    Fixed(2),
    (
        Field("com", 0, 3),
        Field("stat", 3, 3),
        Field("si", 6, 1),
        Field("mssc", 8, 1),
        Field("arc", 9, 1),
        Field("aic", 10, 1),
        Field("b1a", 11, 1),
        Field("b1b", 12, 4),
    ),
)

CAT048: Final = Category(
    48,
    "1.32",
    (
        Item("010", Fixed(2), (Field("sac", 0, 8), Field("sic", 8, 8))),
        Item(
            "140",
            Fixed(3),
            (Field("time_of_day_s", 0, 24, lsb=1 / 128, least=0, most=TIME_OF_DAY_MOST),),
        ),
        _DESCRIPTOR,
        Item(
            "040",
            Fixed(4),
            (
                Field("rho_m", 0, 16, lsb=NAUTICAL_MILE_M / 2**8),
                Field("theta_deg", 16, 16, lsb=_TURN_OF_16_BITS),
            ),
        ),
        Item(
            "070",
            Fixed(2),
            (
                Field("mode_3a_v", 0, 1),
                Field("mode_3a_g", 1, 1),
                Field("mode_3a_l", 2, 1),
                Field("mode_3a", 4, 12),
            ),
        ),
        Item(
            "090",
            Fixed(2),
            (
                Field("level_v", 0, 1),
                Field("level_g", 1, 1),
                Field("pressure_altitude_m", 2, 14, signed=True, lsb=QUARTER_FLIGHT_LEVEL_M),
            ),
        ),
        Item("130", _CHARACTERISTICS),
        Item("220", Fixed(3), (Field("mode_s", 0, 24),)),
        Item("240", Fixed(6), (Field("identification", 0, 48),)),
        Item("250", Repeated(8)),
        Item("161", Fixed(2), (Field("track_number", 4, 12),)),
        Item(
            "042",
            Fixed(4),
            (
                Field("x_m", 0, 16, signed=True, lsb=NAUTICAL_MILE_M / 2**7),
                Field("y_m", 16, 16, signed=True, lsb=NAUTICAL_MILE_M / 2**7),
            ),
        ),
        Item(
            "200",
            Fixed(4),
            (
                Field("speed_mps", 0, 16, lsb=_SPEED_UNIT_MPS),
                Field("heading_deg", 16, 16, lsb=_TURN_OF_16_BITS),
            ),
        ),
        _TRACK_STATUS,
        Item(
            "210",
            Fixed(4),
            (
                Field("sigma_x_m", 0, 8, lsb=NAUTICAL_MILE_M / 2**7),
                Field("sigma_y_m", 8, 8, lsb=NAUTICAL_MILE_M / 2**7),
                Field("sigma_speed_mps", 16, 8, lsb=_SPEED_UNIT_MPS),
                Field("sigma_heading_deg", 24, 8, lsb=360 / 2**12),
            ),
        ),
        Item("030", Extended(0), tuple(Field(n, 0, 7, part=i) for i, n in enumerate(WARNINGS))),
        Item("080", Fixed(2)),
        Item("100", Fixed(4)),
        Item(
            "110",
            Fixed(2),
            (Field("height_3d_m", 2, 14, signed=True, lsb=QUARTER_FLIGHT_LEVEL_M),),
        ),
        Item(
            "120",
            Compound(
                (
                    Item(
                        "CAL",
                        Fixed(2),
                        (
                            Field("doppler_doubtful", 0, 1),
                            Field("doppler_mps", 6, 10, signed=True),
                        ),
                    ),
                    Item("RDS", Repeated(6)),
                )
            ),
        ),
        _COMMUNICATIONS,
        Item("260", Fixed(7)),
        Item("055", Fixed(1)),
        Item("050", Fixed(2)),
        Item("065", Fixed(1)),
        Item("060", Fixed(2)),
        Item("SP", Explicit()),
        Item("RE", Explicit()),
    ),
    mandatory=("sac", "time_of_day_s"),
)
