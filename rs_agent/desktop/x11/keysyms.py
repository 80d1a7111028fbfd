"""From neutral key names and characters to X keysyms. Tables, no X connection.

A character has up to two keysyms: the one of the X protocol's own character sets (Latin-1 as it is, and the older
blocks for Latin-2 to -9, Greek, Cyrillic, Hebrew, Arabic, Thai, Kana, Hangul), which is what layouts are written in,
and 0x01000000 + code point, which any character has. A layout is searched for both; a key of our own gets the second,
save in Latin-1, where the rule (X11 protocol, appendix A) forbids it.
"""

from __future__ import annotations

from functools import cache

from rs_relay.channels.control.keys import FUNCTION

UNICODE = 0x0100_0000

# Several keysyms: the first that the layout has a key for; else the first of all, on a key of our own.
SPECIAL: dict[str, tuple[int, ...]] = {
    "shift_left": (0xFFE1, 0xFFE2),
    "shift_right": (0xFFE2, 0xFFE1),
    "control_left": (0xFFE3, 0xFFE4),
    "control_right": (0xFFE4, 0xFFE3),
    "alt_left": (0xFFE9, 0xFFE7, 0xFFEA),  # Alt_L, Meta_L, Alt_R
    "alt_right": (0xFFEA, 0xFFE9, 0xFFE7),  # many layouts make AltGr of the right one
    "alt_graph": (0xFE03, 0xFF7E),  # ISO_Level3_Shift, Mode_switch
    "super_left": (0xFFEB, 0xFFEC),
    "super_right": (0xFFEC, 0xFFEB),
    "enter": (0xFF0D,),
    "tab": (0xFF09,),
    "backspace": (0xFF08,),
    "escape": (0xFF1B,),
    "space": (0x0020,),
    "delete": (0xFFFF,),
    "insert": (0xFF63,),
    "home": (0xFF50,),
    "end": (0xFF57,),
    "page_up": (0xFF55,),
    "page_down": (0xFF56,),
    "arrow_left": (0xFF51,),
    "arrow_right": (0xFF53,),
    "arrow_up": (0xFF52,),
    "arrow_down": (0xFF54,),
    "caps_lock": (0xFFE5,),
    "num_lock": (0xFF7F,),
    "scroll_lock": (0xFF14,),
    "print_screen": (0xFF61,),
    "pause": (0xFF13,),
    "context_menu": (0xFF67,),
    "back_tab": (0xFE20,),  # ISO_Left_Tab: Shift+Tab where the layout has it so
    **{f"kp_{n}": (0xFFB0 + n,) for n in range(10)},
    "kp_decimal": (0xFFAE, 0xFFAC),  # a comma on many layouts: KP_Separator
    "kp_add": (0xFFAB,),
    "kp_subtract": (0xFFAD,),
    "kp_multiply": (0xFFAA,),
    "kp_divide": (0xFFAF,),
    "kp_enter": (0xFF8D,),
    "kp_equal": (0xFFBD,),
    "volume_up": (0x1008FF13,),
    "volume_down": (0x1008FF11,),
    "volume_mute": (0x1008FF12,),
    "media_play_pause": (0x1008FF14,),
    "media_next": (0x1008FF17,),
    "media_previous": (0x1008FF16,),
    "media_stop": (0x1008FF15,),
    **{name: (0xFFBE + n,) for n, name in enumerate(FUNCTION)},
}

LOCKS = frozenset({0xFFE5, 0xFFE6, 0xFF7F, 0xFF14})  # Caps_Lock, Shift_Lock, Num_Lock, Scroll_Lock: they toggle
CONTROLS = {"\n": SPECIAL["enter"], "\r": SPECIAL["enter"], "\t": SPECIAL["tab"], "\b": SPECIAL["backspace"]}

# (first keysym, its character and those of the keysyms after it; a blank where there is none)
_BLOCKS: tuple[tuple[int, str], ...] = (
    (
        0x01A1,
        "Ą˘Ł ĽŚ  ŠŞŤŹ ŽŻ ą˛ł ľśˇ šşťź˝žżŔ  Ă ĹĆ Č Ę Ě  ĎĐŃŇ  Ő  ŘŮ Ű  Ţ ŕ  ă ĺć č ę ě  ďđńň  ő  řů ű  ţ˙",
    ),
    (0x02A1, "Ħ    Ĥ  İ ĞĴ    ħ    ĥ  ı ğĵ"),
    (0x02C5, "ĊĈ"),
    (0x02D5, "Ġ  Ĝ    ŬŜ      ċĉ"),
    (0x02F5, "ġ  ĝ    ŭŝ"),
    (
        0x03A2,
        "ĸŖ ĨĻ   ĒĢŦ      ŗ ĩļ   ēģŧŊ ŋĀ      Į    Ė  Ī ŅŌĶ     Ų   ŨŪ ā      į    ė  ī ņōķ     ų   ũū",
    ),
    (0x047E, "‾"),
    (
        0x04A1,
        "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン゛゜",
    ),
    (0x05AC, "،"),
    (
        0x05BB,
        "؛   ؟ ءآأؤإئابةتثجحخدذرزسشصضطظعغ     ـفقكلمنهوىي\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652",
    ),
    (
        0x06A1,
        "ђѓёєѕіїјљњћќґўџ№ЂЃЁЄЅІЇЈЉЊЋЌҐЎЏюабцдефгхийклмнопярстужвьызшэщчъЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧЪ",
    ),
    (
        0x07A1,
        "ΆΈΉΊΪ ΌΎΫ Ώ  ΅― άέήίϊΐόύϋΰώ     ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣ ΤΥΦΧΨΩ       αβγδεζηθικλμνξοπρσςτυφχψω",
    ),
    (0x08A1, "⎷┌─⌠⌡│⎡⎣⎤⎦⎛⎝⎞⎠⎨⎬"),
    (0x08BC, "≤≠≥∫∴∝∞  ∇  ∼≃   ⇔⇒≡      √   ⊂⊃∩∪∧∨"),
    (0x08EF, "∂      ƒ    ←↑→↓"),
    (
        0x0AA1,
        "\u2003\u2002\u2004\u2005\u2007\u2008\u2009\u200a—– ␣ …‥⅓⅔⅕⅖⅗⅘⅙⅚℅  ‒〈.〉    ⅛⅜⅝⅞  ™☓ ◁"
        "▷○▯‘’“”℞‰′″ ✝ ▬◀▶●▮◦▫▭△▽☆•▪▲▼☜☞♣♦♥ ✠†‡✓✗♯♭♂♀☎⌕℗‸‚„",
    ),
    (0x0CDF, "‗אבגדהוזחטיךכלםמןנסעףפץצקרשת"),
    (
        0x0DA1,
        "กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรฤลฦวศษสหฬอฮฯะ\u0e31าำ\u0e34\u0e35\u0e36\u0e37\u0e38"
        "\u0e39\u0e3a    ฿เแโใไๅๆ\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4d  ๐๑๒๓๔๕๖๗๘๙",
    ),
    (
        0x0EA1,
        "ㄱㄲㄳㄴㄵㄶㄷㄸㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅃㅄㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣᆨᆩᆪᆫᆬᆭᆮᆯᆰᆱᆲᆳᆴᆵᆶᆷᆸᆹᆺᆻᆼᆽᆾᆿᇀᇁᇂㅭㅱㅸㅿㆁㆄ"
        "ㆆㆍㆎᇫᇰᇹ    ₩",
    ),
    (0x13BC, "ŒœŸ"),
    (0x20AC, "€"),
)


@cache
def _old() -> dict[str, int]:
    found: dict[str, int] = {}
    for first, characters in _BLOCKS:
        for keysym, character in enumerate(characters, first):
            if character != " ":
                found.setdefault(character, keysym)
    return found


def own(character: str) -> int:
    """The keysym that any client reads as `character`, for a key of our own."""
    point = ord(character)
    return point if 0x20 <= point <= 0x7E or 0xA0 <= point <= 0xFF else UNICODE | point


def keysyms(character: str) -> tuple[int, ...]:
    """All keysyms a layout may have `character` under, the likeliest first; none for what cannot be typed."""
    if character in CONTROLS:
        return CONTROLS[character]
    if not typable(character):
        return ()
    old = _old().get(character)
    return (own(character),) if old is None else (old, own(character))


def typable(character: str) -> bool:
    """Control characters, halves of surrogate pairs and non-characters have no key."""
    point = ord(character)
    return not (point < 0x20 or 0x7F <= point < 0xA0 or 0xD800 <= point <= 0xDFFF or point & 0xFFFE == 0xFFFE)
