"""Our tables and walk against libasterix (MIT): random records of every item, value for value."""

import importlib
import random
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.sense import wire
from tocsin.sense.asterix import read_datagram
from tocsin.sense.cat034 import CAT034
from tocsin.sense.cat048 import CAT048
from tocsin.sense.cat062 import CAT062
from tocsin.sense.columns import PADDING, columns
from tocsin.sense.layout import ABSENT, Category

UNIT = {
    "": 1.0,
    "s": 1.0,
    "m": 1.0,
    "m/s": 1.0,
    "m/s²": 1.0,
    "°": 1.0,
    "dBm": 1.0,
    "NM": 1852.0,
    "NM/s": 1852.0,
    "ft": 0.3048,
    "FL": 30.48,
    "ft/min": 0.3048 / 60,
}

PATHS = {
    34: """sac 010 SAC; sic 010 SIC; message_type 000; time_of_day_s 030; sector_deg 020;
        rotation_period_s 041; com_nogo 050 COM NOGO; com_rdpc 050 COM RDPC; com_rdpr 050 COM RDPR;
        com_ovl_rdp 050 COM OVLRDP; com_ovl_xmt 050 COM OVLXMT; com_msc 050 COM MSC;
        com_tsv 050 COM TSV; psr_channels 050 PSR CHAB; ssr_channels 050 SSR CHAB;
        mds_channels 050 MDS CHAB; source_height_m 120 HGT; source_lat_deg 120 LAT;
        source_lon_deg 120 LON""",
    48: """sac 010 SAC; sic 010 SIC; time_of_day_s 140; typ 020 TYP; sim 020 SIM; rdp 020 RDP;
        spi 020 SPI; rab 020 RAB; tst 020 TST; err 020 ERR; xpp 020 XPP; me 020 ME; mi 020 MI;
        foe_fri 020 FOEFRI; rho_m 040 RHO; theta_deg 040 THETA; mode_3a_v 070 V; mode_3a_g 070 G;
        mode_3a_l 070 L; mode_3a 070 MODE3A; level_v 090 V; level_g 090 G;
        pressure_altitude_m 090 FL; run_length_ssr_deg 130 SRL; replies_ssr 130 SRR;
        amplitude_ssr_dbm 130 SAM; run_length_psr_deg 130 PRL; amplitude_psr_dbm 130 PAM;
        range_difference_m 130 RPD; azimuth_difference_deg 130 APD; mode_s 220;
        identification 240; track_number 161 TRN; x_m 042 X; y_m 042 Y; speed_mps 200 GSP;
        heading_deg 200 HDG; cnf 170 CNF; rad 170 RAD; dou 170 DOU; mah 170 MAH; cdm 170 CDM;
        tre 170 TRE; gho 170 GHO; sup 170 SUP; tcc 170 TCC; sigma_x_m 210 SIGX;
        sigma_y_m 210 SIGY; sigma_speed_mps 210 SIGV; sigma_heading_deg 210 SIGH;
        warning_1 030 0; warning_2 030 1; warning_3 030 2; warning_4 030 3; height_3d_m 110 3DH;
        doppler_doubtful 120 CAL D; doppler_mps 120 CAL CAL; com 230 COM; stat 230 STAT; si 230 SI;
        mssc 230 MSSC; arc 230 ARC; aic 230 AIC; b1a 230 B1A; b1b 230 B1B""",
    62: """sac 010 SAC; sic 010 SIC; service 015; time_of_day_s 070; lat_deg 105 LAT;
        lon_deg 105 LON; x_m 100 X; y_m 100 Y; vx_mps 185 VX; vy_mps 185 VY; ax_mps2 210 AX;
        ay_mps2 210 AY; mode_3a_v 060 V; mode_3a_g 060 G; mode_3a_ch 060 CH; mode_3a 060 MODE3A;
        sti 245 STI; target_identification 245 CHR; mode_s 380 ADR; identification 380 ID;
        track_number 040; mon 080 MON; spi 080 SPI; mrh 080 MRH; src 080 SRC; cnf 080 CNF;
        sim 080 SIM; tse 080 TSE; tsb 080 TSB; fpc 080 FPC; aff 080 AFF; stp 080 STP; kos 080 KOS;
        ama 080 AMA; md4 080 MD4; me 080 ME; mi 080 MI; md5 080 MD5; cst 080 CST; psr_old 080 PSR;
        ssr_old 080 SSR; mds_old 080 MDS; ads_old 080 ADS; sds 080 SDS; pft 080 PFT;
        age_trk_s 290 TRK; age_psr_s 290 PSR; age_ssr_s 290 SSR; age_mds_s 290 MDS;
        age_ads_s 290 ADS; age_es_s 290 ES; age_vdl_s 290 VDL; age_uat_s 290 UAT;
        age_lop_s 290 LOP; age_mlt_s 290 MLT; trans 200 TRANS; long 200 LONG; vert 200 VERT;
        adf 200 ADF; measured_level_m 136; geometric_altitude_m 130; qnh 135 QNH;
        barometric_altitude_m 135 CTB; climb_mps 220; apc_x_m 500 APC X; apc_y_m 500 APC Y;
        cov_m 500 COV; apw_lat_deg 500 APW LAT; apw_lon_deg 500 APW LON; aga_m 500 AGA;
        aba_m 500 ABA; atv_x_mps 500 ATV X; atv_y_mps 500 ATV Y; arc_mps 500 ARC;
        measured_typ 340 TYP TYP; measured_sim 340 TYP SIM; measured_rab 340 TYP RAB;
        measured_tst 340 TYP TST""",
}
ORACLE = {34: (CAT034, "Cat_034_1_29"), 48: (CAT048, "Cat_048_1_32"), 62: (CAT062, "Cat_062_1_21")}
ALWAYS = {34: {"010", "000", "030"}, 48: {"010", "140"}, 62: {"010", "070", "040", "080"}}
BOUNDED = {
    (34, "030"): lambda r: r.randrange(86_400 * 128),
    (48, "140"): lambda r: r.randrange(86_400 * 128),
    (62, "070"): lambda r: r.randrange(86_400 * 128),
    (34, "120"): lambda r: _pack(r, (16, 2**16), (24, 2**22), (24, 2**24)),
    (62, "105"): lambda r: _pack(r, (32, 2**24), (32, 2**25)),
}


def _pack(chance: random.Random, *parts: tuple[int, int]) -> int:
    """Signed values below their limits, side by side."""
    word = 0
    for bits, limit in parts:
        word = word << bits | chance.randrange(-limit, limit) % 2**bits
    return word


@pytest.fixture(scope="module")
def oracle() -> ModuleType:
    """Imported here, because that alone takes seconds."""
    return importlib.import_module("asterix.generated")


def _random_value(variation: Any, chance: random.Random) -> Any:
    """Something that `variation` of libasterix accepts, over its whole range."""
    kind = variation.__mro__[1].__name__
    if kind in ("Element", "Group"):
        bits = variation.cv_bit_size
        return chance.choice([0, 2**bits - 1, chance.getrandbits(bits), chance.getrandbits(bits)])
    if kind == "Extended":
        parts = variation.cv_items_list
        return tuple(
            chance.getrandbits(sum(item[1] for item in part if item is not None))
            for part in parts[: chance.randint(1, len(parts))]
        )
    if kind == "Repetitive":
        least = 1 if variation.cv_rep_bytes is None else 0
        count = chance.randint(least, 6)
        return [_random_value(variation.cv_variation, chance) for _ in range(count)]
    if kind == "Explicit":
        return chance.randbytes(chance.randint(0, 20))
    assert kind == "Compound", kind
    items = [item for item in variation.cv_items_list if item is not None]
    chosen = chance.sample(items, chance.randint(1, len(items)))
    return {i.cv_name: _random_value(i.cv_rule.cv_variation, chance) for i in chosen}


def _random_record(uap: Any, number: int, chance: random.Random) -> Any:
    """A record of libasterix with a random choice of items, of FSPECs of every length."""
    items = [item.cv_non_spare for item in uap.cv_items_list if hasattr(item, "cv_non_spare")]
    items = items[: chance.randint(1, len(items))]
    share = chance.random()
    values = {}
    for item in [i.cv_non_spare for i in uap.cv_items_list if hasattr(i, "cv_non_spare")]:
        name = item.cv_name
        if name in ALWAYS[number] or (item in items and chance.random() < share):
            bounded = BOUNDED.get((number, name))
            values[name] = (
                bounded(chance) if bounded else _random_value(item.cv_rule.cv_variation, chance)
            )
    return uap.create(values)


def _found(record: Any, path: list[str]) -> Any:
    """The element of `record` at `path`, None when absent."""
    node = record.get_item(path[0])
    for step in path[1:]:
        if node is None:
            return None
        inner = node.variation
        if step.isdigit() and hasattr(inner, "get_list"):
            values = inner.get_list()
            return values[int(step)] if int(step) < len(values) else None
        try:
            node = inner.get_item(step)
        except ValueError:
            return None
    return node


def _expected(node: Any) -> float:
    """The value in our units."""
    content = getattr(getattr(node, "variation", node), "content", None)
    if hasattr(content, "as_quantity"):
        return float(content.as_quantity()) * UNIT[type(content).cv_unit]
    if hasattr(content, "as_integer"):
        return float(content.as_integer())
    return float(node.as_uint())


def test_every_field_has_an_oracle() -> None:
    for number, (category, _) in ORACLE.items():
        assert _paths(number).keys() == category.places.keys()


def _paths(number: int) -> dict[str, list[str]]:
    entries = (entry.split() for entry in PATHS[number].split(";"))
    return {name: path for name, *path in entries}


@pytest.mark.parametrize("number", [34, 48, 62])
def test_random_records_are_read_as_libasterix_wrote_them(number: int, oracle: ModuleType) -> None:
    category, name = ORACLE[number]
    specification = getattr(oracle, name)
    chance = random.Random(number)
    records = [_random_record(specification.cv_uap.cv_record, number, chance) for _ in range(250)]
    lengths = set()
    blocks = []
    for start in range(0, len(records), 5):
        part = records[start : start + 5]
        blocks.append(specification.create(part).unparse().to_bytes())
        lengths |= {_fspec_octets(r.unparse().to_bytes()) for r in part}
    assert lengths >= set(range(1 if number != 62 else 2, -(-len(UAP_SIZE[number]) // 7) + 1))
    _compare(category, records, b"".join(blocks), number)


UAP_SIZE = {34: range(14), 48: range(28), 62: range(35)}


def _fspec_octets(octets: bytes) -> int:
    return next(n for n, octet in enumerate(octets, start=1) if not octet & 1)


def _compare(category: Category, records: list[Any], datagram: bytes, number: int) -> None:
    found = read_datagram(datagram + PADDING, 0, len(datagram), {number: category})
    assert not found.faults
    assert len(found.records) == len(records)
    read = columns(category, datagram + PADDING, [record.row for record in found.records])
    for name, path in _paths(number).items():
        nodes = [_found(record, path) for record in records]
        raw = read[name]
        assert [value == ABSENT for value in raw.tolist()] == [node is None for node in nodes], name
        assert any(node is not None for node in nodes), name
        expected = [np.nan if node is None else _expected(node) for node in nodes]
        np.testing.assert_allclose(read.real(name), expected, rtol=1e-12, err_msg=name)


def test_an_item_of_a_newer_edition_is_not_guessed() -> None:
    """A spare FSPEC bit and a spare extent are refused: their length is unknown."""
    spare = wire.record({1: b"\x19\x64", 2: b"\0"})
    assert CAT062.edition == "1.21"
    faults = read_datagram(data := wire.block(62, spare), 0, len(data), {62: CAT062}).faults
    assert [fault.reason for fault in faults] == ["edition"]
    long = wire.plot(descriptor=b"\x21\x01\x01\x01\x01\x01\x00")
    faults = read_datagram(data := wire.block(48, long), 0, len(data), {48: CAT048}).faults
    assert [fault.reason for fault in faults] == ["edition"]


def test_hostile_field_specifications_do_not_fill_memory() -> None:
    """Each FSPEC has a plan that is kept; there must be a limit to how many."""
    chance = random.Random(5)
    for _ in range(3000):
        fspec = bytes([chance.getrandbits(8) | 1 for _ in range(3)] + [chance.getrandbits(7) << 1])
        data = fspec + chance.randbytes(200)
        read_datagram(data := wire.block(48, data), 0, len(data), {48: CAT048})
    assert len(CAT048.walk._plans) <= 1024
