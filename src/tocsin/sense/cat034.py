"""CAT 034, monoradar service messages: EUROCONTROL-SPEC-0149-2b, edition 1.29.

| FRN | item | structure | what we use it for |
|---|---|---|---|
| 1 | I034/010 data source | 2 | which radar; mandatory |
| 2 | I034/000 message type | 1 | 1 north, 2 sector crossing, others; mandatory |
| 3 | I034/030 time of day | 3, 1/128 s | the clock check; mandatory |
| 4 | I034/020 sector number | 1, 360/256 deg | decoded, not used |
| 5 | I034/041 antenna rotation period | 2, 1/128 s | `Sensors.scan_s` |
| 6 | I034/050 configuration and status | compound | decoded in part, not used yet |
| 7 | I034/060 processing mode | compound | skipped |
| 8 | I034/070 message counts | repeated 2 | skipped |
| 9 | I034/100 generic polar window | 8 | skipped |
| 10 | I034/110 data filter | 1 | skipped |
| 11 | I034/120 position of the source | 2 + 3 + 3, 1 m, 180/2^23 deg | where the radar stands |
| 12 | I034/090 collimation error | 2 | skipped |
| 13, 14 | RE, SP | explicit | skipped |

Clause 5.2 of that document defines the items, 5.3 the order. I034/120 gives the height above the
WGS-84 ellipsoid.
"""

from typing import Final

from tocsin.sense.layout import Category, Compound, Explicit, Field, Fixed, Item, Repeated

TIME_OF_DAY_MOST: Final = 86_400 * 128 - 1  # the item is reset to 0 at midnight
_DEGREE_OF_23_BITS: Final = 180.0 / 2**23

CAT034: Final = Category(
    34,
    "1.29",
    (
        Item("010", Fixed(2), (Field("sac", 0, 8), Field("sic", 8, 8))),
        Item("000", Fixed(1), (Field("message_type", 0, 8),)),
        Item(
            "030",
            Fixed(3),
            (Field("time_of_day_s", 0, 24, lsb=1 / 128, least=0, most=TIME_OF_DAY_MOST),),
        ),
        Item("020", Fixed(1), (Field("sector_deg", 0, 8, lsb=360 / 2**8),)),
        Item("041", Fixed(2), (Field("rotation_period_s", 0, 16, lsb=1 / 128),)),
        Item(
            "050",
            Compound(
                (
                    Item(
                        "COM",
                        Fixed(1),
                        (
                            Field("com_nogo", 0, 1),
                            Field("com_rdpc", 1, 1),
                            Field("com_rdpr", 2, 1),
                            Field("com_ovl_rdp", 3, 1),
                            Field("com_ovl_xmt", 4, 1),
                            Field("com_msc", 5, 1),
                            Field("com_tsv", 6, 1),
                        ),
                    ),
                    None,
                    None,
                    Item("PSR", Fixed(1), (Field("psr_channels", 1, 2),)),
                    Item("SSR", Fixed(1), (Field("ssr_channels", 1, 2),)),
                    Item("MDS", Fixed(2), (Field("mds_channels", 1, 2),)),
                )
            ),
        ),
        Item(
            "060",
            Compound(
                (
                    Item("COM", Fixed(1)),
                    None,
                    None,
                    Item("PSR", Fixed(1)),
                    Item("SSR", Fixed(1)),
                    Item("MDS", Fixed(1)),
                )
            ),
        ),
        Item("070", Repeated(2)),
        Item("100", Fixed(8)),
        Item("110", Fixed(1)),
        Item(
            "120",
            Fixed(8),
            (
                Field("source_height_m", 0, 16, signed=True),
                Field(
                    "source_lat_deg",
                    16,
                    24,
                    signed=True,
                    lsb=_DEGREE_OF_23_BITS,
                    least=-(2**22),
                    most=2**22,
                ),
                Field("source_lon_deg", 40, 24, signed=True, lsb=_DEGREE_OF_23_BITS),
            ),
        ),
        Item("090", Fixed(2)),
        Item("RE", Explicit()),
        Item("SP", Explicit()),
    ),
    mandatory=("sac", "message_type", "time_of_day_s"),
)
