"""The names of languages: in English, and as the people who speak them write them.

A page shows the second one in its menu of languages: who looks for their language reads that one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from cyclone_locale.tags import fallbacks

__all__ = ["LOCALE_NAMES", "LocaleName", "native_name"]


#: The two names of a locale: ``name_en`` in English, such as ``German (Austria)``, and ``name`` in the
#: language itself, such as ``Deutsch (Österreich)``. No TypedDict, for that is a dict, which anyone
#: could change.
LocaleName = Mapping[Literal["name_en", "name"], str]


# Codes | English name | native name. Native names begin with a capital, as they stand in menus.
_TABLE = """
af af_ZA | Afrikaans | Afrikaans
am am_ET | Amharic | አማርኛ
ar ar_AR | Arabic | العربية
ar_AE | Arabic (United Arab Emirates) | العربية (الإمارات)
ar_EG | Arabic (Egypt) | العربية (مصر)
ar_MA | Arabic (Morocco) | العربية (المغرب)
ar_SA | Arabic (Saudi Arabia) | العربية (السعودية)
as as_IN | Assamese | অসমীয়া
ast ast_ES | Asturian | Asturianu
az az_AZ | Azerbaijani | Azərbaycan dili
be be_BY | Belarusian | Беларуская
bg bg_BG | Bulgarian | Български
bn bn_IN | Bengali | বাংলা
bn_BD | Bengali (Bangladesh) | বাংলা (বাংলাদেশ)
br br_FR | Breton | Brezhoneg
bs bs_BA | Bosnian | Bosanski
ca ca_ES | Catalan | Català
ckb ckb_IQ | Central Kurdish | کوردیی ناوەندی
cs cs_CZ | Czech | Čeština
cy cy_GB | Welsh | Cymraeg
da da_DK | Danish | Dansk
de de_DE | German | Deutsch
de_AT | German (Austria) | Deutsch (Österreich)
de_CH | German (Switzerland) | Deutsch (Schweiz)
dv dv_MV | Dhivehi | ދިވެހިބަސް
el el_GR | Greek | Ελληνικά
en | English | English
en_AU | English (Australia) | English (Australia)
en_CA | English (Canada) | English (Canada)
en_GB | English (UK) | English (UK)
en_IE | English (Ireland) | English (Ireland)
en_IN | English (India) | English (India)
en_NZ | English (New Zealand) | English (New Zealand)
en_US | English (US) | English (US)
en_ZA | English (South Africa) | English (South Africa)
eo | Esperanto | Esperanto
es es_LA | Spanish | Español
es_419 | Spanish (Latin America) | Español (Latinoamérica)
es_AR | Spanish (Argentina) | Español (Argentina)
es_CL | Spanish (Chile) | Español (Chile)
es_CO | Spanish (Colombia) | Español (Colombia)
es_ES | Spanish (Spain) | Español (España)
es_MX | Spanish (Mexico) | Español (México)
es_PE | Spanish (Peru) | Español (Perú)
es_US | Spanish (US) | Español (Estados Unidos)
et et_EE | Estonian | Eesti
eu eu_ES | Basque | Euskara
fa fa_IR | Persian | فارسی
fa_AF | Dari | دری
fi fi_FI | Finnish | Suomi
fil fil_PH | Filipino | Filipino
fo fo_FO | Faroese | Føroyskt
fr fr_FR | French | Français
fr_BE | French (Belgium) | Français (Belgique)
fr_CA | French (Canada) | Français (Canada)
fr_CH | French (Switzerland) | Français (Suisse)
fy fy_NL | Western Frisian | Frysk
ga ga_IE | Irish | Gaeilge
gd gd_GB | Scottish Gaelic | Gàidhlig
gl gl_ES | Galician | Galego
gu gu_IN | Gujarati | ગુજરાતી
ha ha_NG | Hausa | Hausa
he he_IL | Hebrew | עברית
hi hi_IN | Hindi | हिन्दी
hr hr_HR | Croatian | Hrvatski
hu hu_HU | Hungarian | Magyar
hy hy_AM | Armenian | Հայերեն
id id_ID | Indonesian | Bahasa Indonesia
ig ig_NG | Igbo | Igbo
is is_IS | Icelandic | Íslenska
it it_IT | Italian | Italiano
it_CH | Italian (Switzerland) | Italiano (Svizzera)
ja ja_JP | Japanese | 日本語
jv jv_ID | Javanese | Basa Jawa
ka ka_GE | Georgian | ქართული
kk kk_KZ | Kazakh | Қазақ тілі
km km_KH | Khmer | ខ្មែរ
kn kn_IN | Kannada | ಕನ್ನಡ
ko ko_KR | Korean | 한국어
ks | Kashmiri | کٲشُر
ku ku_TR | Kurdish | Kurdî
ky ky_KG | Kyrgyz | Кыргызча
la | Latin | Latina
lb lb_LU | Luxembourgish | Lëtzebuergesch
lo lo_LA | Lao | ລາວ
lt lt_LT | Lithuanian | Lietuvių
lv lv_LV | Latvian | Latviešu
mg mg_MG | Malagasy | Malagasy
mi mi_NZ | Māori | Te reo Māori
mk mk_MK | Macedonian | Македонски
ml ml_IN | Malayalam | മലയാളം
mn mn_MN | Mongolian | Монгол
mr mr_IN | Marathi | मराठी
ms ms_MY | Malay | Bahasa Melayu
mt mt_MT | Maltese | Malti
my my_MM | Burmese | မြန်မာ
nb nb_NO | Norwegian (Bokmål) | Norsk (bokmål)
ne ne_NP | Nepali | नेपाली
nl nl_NL | Dutch | Nederlands
nl_BE | Dutch (Belgium) | Nederlands (België)
nn nn_NO | Norwegian (Nynorsk) | Norsk (nynorsk)
no | Norwegian | Norsk
oc oc_FR | Occitan | Occitan
or or_IN | Odia | ଓଡ଼ିଆ
pa pa_IN | Punjabi | ਪੰਜਾਬੀ
pa_PK | Punjabi (Pakistan) | پنجابی (پاکستان)
pl pl_PL | Polish | Polski
ps ps_AF | Pashto | پښتو
pt | Portuguese | Português
pt_BR | Portuguese (Brazil) | Português (Brasil)
pt_PT | Portuguese (Portugal) | Português (Portugal)
qu | Quechua | Runasimi
rm rm_CH | Romansh | Rumantsch
ro ro_RO | Romanian | Română
ro_MD | Romanian (Moldova) | Română (Republica Moldova)
ru ru_RU | Russian | Русский
sd sd_PK | Sindhi | سنڌي
se | Northern Sami | Davvisámegiella
si si_LK | Sinhala | සිංහල
sk sk_SK | Slovak | Slovenčina
sl sl_SI | Slovenian | Slovenščina
so so_SO | Somali | Soomaali
sq sq_AL | Albanian | Shqip
sr sr_RS | Serbian | Српски
sr_Cyrl | Serbian (Cyrillic) | Српски (ћирилица)
sr_Latn | Serbian (Latin) | Srpski (latinica)
sv sv_SE | Swedish | Svenska
sv_FI | Swedish (Finland) | Svenska (Finland)
sw sw_KE | Swahili | Kiswahili
sw_TZ | Swahili (Tanzania) | Kiswahili (Tanzania)
ta ta_IN | Tamil | தமிழ்
ta_LK | Tamil (Sri Lanka) | தமிழ் (இலங்கை)
te te_IN | Telugu | తెలుగు
tg tg_TJ | Tajik | Тоҷикӣ
th th_TH | Thai | ภาษาไทย
tk tk_TM | Turkmen | Türkmen dili
tl | Tagalog | Tagalog
tl_PH | Filipino | Filipino
tr tr_TR | Turkish | Türkçe
tt tt_RU | Tatar | Татарча
ug ug_CN | Uyghur | ئۇيغۇرچە
uk uk_UA | Ukrainian | Українська
ur | Urdu | اردو
ur_IN | Urdu (India) | اردو (بھارت)
ur_PK | Urdu (Pakistan) | اردو (پاکستان)
uz uz_UZ | Uzbek | O‘zbek
vi vi_VN | Vietnamese | Tiếng Việt
wo | Wolof | Wolof
xh xh_ZA | Xhosa | IsiXhosa
yi | Yiddish | ייִדיש
yo yo_NG | Yoruba | Èdè Yorùbá
zh | Chinese | 中文
zh_CN zh_Hans | Chinese (Simplified) | 中文(简体)
zh_HK | Chinese (Hong Kong) | 中文(香港)
zh_Hant zh_TW | Chinese (Traditional) | 中文(繁體)
zh_MO | Chinese (Macao) | 中文(澳門)
zh_SG | Chinese (Singapore) | 中文(新加坡)
zu zu_ZA | Zulu | IsiZulu
"""  # noqa: RUF001 - Uzbek has a letter that looks like a quote


def _read_table() -> Mapping[str, LocaleName]:
    names: dict[str, LocaleName] = {}
    for line in _TABLE.strip().splitlines():
        codes, english, native = line.split(" | ")
        for code in codes.split():
            names[code] = MappingProxyType({"name_en": english, "name": native})
    return MappingProxyType(names)


# Read-only: one application's change would be every other application's surprise.
LOCALE_NAMES: Mapping[str, LocaleName] = _read_table()


def native_name(code: str) -> str:
    """Name a locale in its own language.

    Source: the attribute ``Locale.name`` of Tornado and cyclone, which is ``Unknown`` for every
    code that is not in the table; here ``pt_MZ`` is named as ``pt`` is.

    Args:
        code: The code in any spelling.

    Returns:
        The name, or ``Unknown``.
    """
    for candidate in fallbacks(code):
        if candidate in LOCALE_NAMES:
            return LOCALE_NAMES[candidate]["name"]
    return "Unknown"
