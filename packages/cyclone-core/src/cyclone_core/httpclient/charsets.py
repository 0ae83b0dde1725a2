"""Which charsets a server may choose, and text in them."""

import re
from encodings.aliases import aliases
from typing import Final

__all__ = ["CHARSETS", "decode_text"]

_NAMES: Final = """
    ascii big5 big5hkscs cp037 cp1006 cp1026 cp1125 cp1140 cp1250 cp1251 cp1252 cp1253
    cp1254 cp1255 cp1256 cp1257 cp1258 cp273 cp424 cp437 cp500 cp720 cp737 cp775 cp850 cp852
    cp855 cp856 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp866 cp869 cp874 cp875
    cp932 cp949 cp950 euc_jis_2004 euc_jisx0213 euc_jp euc_kr gb18030 gb2312 gbk hp_roman8
    hz iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_2004 iso2022_jp_3 iso2022_jp_ext
    iso2022_kr iso8859_1 iso8859_10 iso8859_11 iso8859_13 iso8859_14 iso8859_15 iso8859_16
    iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9 johab
    koi8_r koi8_t koi8_u kz1048 latin_1 mac_arabic mac_croatian mac_cyrillic mac_farsi
    mac_greek mac_iceland mac_latin2 mac_roman mac_romanian mac_turkish palmos ptcp154
    shift_jis shift_jis_2004 shift_jisx0213 tis_620 utf_16 utf_16_be utf_16_le utf_32
    utf_32_be utf_32_le utf_8 utf_8_sig
"""

CHARSETS: Final = frozenset(_NAMES.split())
"""The encodings of text, by Python's names, whose decoders take time in proportion to the length.

Not among them are `punycode` and `idna`, which take the square of it; Python's own escapes, which mean
code and no text; and UTF-7, which no browser knows any more, because it hides markup from filters.
"""

_DEFAULT: Final = "utf-8"

_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")


def decode_text(data: bytes, charset: str) -> str:
    """Decode what a server calls text; what is wrong is replaced.

    Args:
        data: The bytes.
        charset: What the server says, in any case. One that is not known is taken for UTF-8.

    Returns:
        The text.
    """
    # As `codecs.lookup` finds them. That is not asked for the name of a stranger, because it keeps
    # each, known or not, for ever.
    name = _SEPARATORS.sub("_", charset.lower()).strip("_")
    name = aliases.get(name, name)
    return data.decode(name if name in CHARSETS else _DEFAULT, "replace")
