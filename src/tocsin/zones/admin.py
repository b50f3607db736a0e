"""First-level administrative areas: GeoNames' codes, ISO 3166-2 codes and official names.

GeoNames numbers the areas in its own way (`admin1CodesASCII.txt`); everybody else uses ISO 3166-2,
and so do the parents of a zone map. The Ukrainian names are those of the state register KATOTTG,
whose codes begin with the third column; the English names are ISO's, after the Cabinet of
Ministers' transliteration (resolution 55 of 27 January 2010). The Hebrew and English names of the
Israeli districts are those of the Central Bureau of Statistics. All are facts, written by hand.
"""

from typing import Final, NamedTuple


class Area(NamedTuple):
    """An admin-1 area: id, KATOTTG prefix ("" outside Ukraine) and names by language."""

    id: str
    register: str
    names: dict[str, str]


def area(country: str, code: str) -> Area:
    """The area of a GeoNames admin-1 code; where no table is kept, its id is GeoNames' own."""
    table = _AREAS.get(country)
    if table is None:
        return Area(f"{country}-{code.lower() or '00'}", "", {})
    return table.get(code, _ELSEWHERE[country])


def _ukrainian(iso: str, register: str, uk: str, en: str) -> Area:
    return Area(f"ua-{iso}", f"UA{register}", {"uk": uk, "en": en})


def _israeli(iso: str, he: str, ar: str, en: str) -> Area:
    return Area(f"il-{iso}", "", {"he": he, "ar": ar, "en": en})


_ELSEWHERE: Final = {
    "ua": Area("ua-00", "", {"uk": "Інші місцевості", "en": "Other areas"}),
    # GeoNames lists some places under Israel without one of the six districts: they are kept,
    # because people live there, and put in no district, because this table is no authority on it.
    "il": Area("il-00", "", {"he": "אזורים אחרים", "ar": "مناطق أخرى", "en": "Other areas"}),
}

_AREAS: Final[dict[str, dict[str, Area]]] = {
    "ua": {
        "01": _ukrainian("71", "71", "Черкаська область", "Cherkasy Oblast"),
        "02": _ukrainian("74", "74", "Чернігівська область", "Chernihiv Oblast"),
        "03": _ukrainian("77", "73", "Чернівецька область", "Chernivtsi Oblast"),
        "04": _ukrainian("12", "12", "Дніпропетровська область", "Dnipropetrovsk Oblast"),
        "05": _ukrainian("14", "14", "Донецька область", "Donetsk Oblast"),
        "06": _ukrainian("26", "26", "Івано-Франківська область", "Ivano-Frankivsk Oblast"),
        "07": _ukrainian("63", "63", "Харківська область", "Kharkiv Oblast"),
        "08": _ukrainian("65", "65", "Херсонська область", "Kherson Oblast"),
        "09": _ukrainian("68", "68", "Хмельницька область", "Khmelnytskyi Oblast"),
        "10": _ukrainian("35", "35", "Кіровоградська область", "Kirovohrad Oblast"),
        "11": _ukrainian("43", "01", "Автономна Республіка Крим", "Autonomous Republic of Crimea"),
        "12": _ukrainian("30", "80", "Київ", "Kyiv"),
        "13": _ukrainian("32", "32", "Київська область", "Kyiv Oblast"),
        "14": _ukrainian("09", "44", "Луганська область", "Luhansk Oblast"),
        "15": _ukrainian("46", "46", "Львівська область", "Lviv Oblast"),
        "16": _ukrainian("48", "48", "Миколаївська область", "Mykolaiv Oblast"),
        "17": _ukrainian("51", "51", "Одеська область", "Odesa Oblast"),
        "18": _ukrainian("53", "53", "Полтавська область", "Poltava Oblast"),
        "19": _ukrainian("56", "56", "Рівненська область", "Rivne Oblast"),
        "20": _ukrainian("40", "85", "Севастополь", "Sevastopol"),
        "21": _ukrainian("59", "59", "Сумська область", "Sumy Oblast"),
        "22": _ukrainian("61", "61", "Тернопільська область", "Ternopil Oblast"),
        "23": _ukrainian("05", "05", "Вінницька область", "Vinnytsia Oblast"),
        "24": _ukrainian("07", "07", "Волинська область", "Volyn Oblast"),
        "25": _ukrainian("21", "21", "Закарпатська область", "Zakarpattia Oblast"),
        "26": _ukrainian("23", "23", "Запорізька область", "Zaporizhzhia Oblast"),
        "27": _ukrainian("18", "18", "Житомирська область", "Zhytomyr Oblast"),
    },
    "il": {
        "01": _israeli("d", "מחוז הדרום", "المنطقة الجنوبية", "Southern District"),
        "02": _israeli("m", "מחוז המרכז", "المنطقة الوسطى", "Central District"),
        "03": _israeli("z", "מחוז הצפון", "المنطقة الشمالية", "Northern District"),
        "04": _israeli("ha", "מחוז חיפה", "منطقة حيفا", "Haifa District"),
        "05": _israeli("ta", "מחוז תל אביב", "منطقة تل أبيب", "Tel Aviv District"),
        "06": _israeli("jm", "מחוז ירושלים", "منطقة القدس", "Jerusalem District"),
    },
}
