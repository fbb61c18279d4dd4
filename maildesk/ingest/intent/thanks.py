"""Whether a reply says thanks and nothing else. Pure; bounded by `_LONGEST` characters.

Strict on purpose: every word must be one of the tables, or stand where a name stands. One word
more (a `but`, a negation, a number, a question mark) and it is no thanks mail, since to miss one
costs an agent a look, and to take a complaint for thanks loses the complaint.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

_LONGEST = 600
_WORDS = 24
_SIGNED = 24  # words below the closing line
_NAMES = 3

_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_REFUSED = re.compile(r"[?？¿؟%]|[:;]-?[(/\\|]|👎|😞|😠|😡|😢|☹")
_THUMBS = re.compile("[👍🙏]")


def _folded_words(*tables: str) -> frozenset[str]:
    return frozenset(word.casefold() for table in tables for word in table.split())


# language: (words that thank, words that may stand beside them)
_TABLE = {
    "en": (
        "thanks thank thx thankyou cheers tx ty",
        "you u so very much many a lot for the your all everything help support assistance quick "
        "quickly fast prompt speedy answer reply response fix fixing solving solution effort work "
        "this that it is it's was has been all's working works worked again now well fine great "
        "perfect perfectly excellent good awesome brilliant wonderful super nice kind kindly ok "
        "okay yes yep solved fixed resolved sorted done appreciate appreciated i we really highly "
        "and to with me us my our of job time indeed confirmed just team everyone guys folks",
    ),
    "de": (
        "danke dank dankeschön dankesehr merci",
        "vielen vielmals herzlichen besten lieben schön sehr bestens für die das den ihre deine "
        "eure ihnen dir euch hilfe unterstützung schnelle schnellen rasche prompte antwort lösung "
        "support jetzt nun wieder alles es ist hat hab habe ich wir geklappt klappt funktioniert "
        "geht läuft gut super prima perfekt toll wunderbar einwandfrei erledigt gelöst behoben "
        "ok okay ja und auch bearbeitung mühe so",
    ),
    "fr": (
        "merci remercie remercions",
        "beaucoup bien infiniment mille pour votre ton l'aide aide à vous tous toute l'équipe la "
        "le les de je nous rapide rapidité réponse c'est ça tout est fonctionne marche maintenant "
        "parfait parfaitement super nickel bon ok oui résolu réglé et d'accord grand un très",
    ),
    "es": (
        "gracias agradezco agradecemos",
        "muchas muchísimas mil por la su tu el vuestra ayuda rápida rápido respuesta solución "
        "todo ya está funciona funcionando bien perfecto perfectamente excelente genial ahora "
        "ok sí si vale y muy resuelto solucionado le les te os lo a ustedes soporte atención",
    ),
    "it": (
        "grazie ringrazio ringraziamo",
        "mille molte tante infinite molto per il la l'aiuto aiuto vostro tuo suo supporto a tutti "
        "te lei voi rapida risposta soluzione assistenza tutto ok sì si va bene benissimo ora "
        "adesso funziona perfetto perfettamente ottimo risolto è e vi ti di cuore lavoro",
    ),
    "pt": (
        "obrigado obrigada obrigados agradeço agradecemos valeu",
        "muito muitíssimo mesmo pela pelo por sua a ajuda o seu apoio suporte resposta rápida "
        "solução tudo está já agora certo bem funciona funcionando funcionou perfeito ótimo "
        "excelente resolvido ok sim e todos vocês",
    ),
    "nl": (
        "bedankt dank dankjewel dankuwel dankje",
        "je u wel hartelijk voor de het uw jouw jullie hulp snelle reactie antwoord oplossing "
        "ondersteuning alles werkt nu weer goed prima perfect super top fijn opgelost ok oké ja "
        "is en heel erg veel zeer",
    ),
    "sv": (
        "tack tackar",
        "så mycket för hjälpen hjälp den snabba svaret svar stort tusen många allt nu fungerar "
        "funkar det bra perfekt toppen löst är ja ok och igen jättebra",
    ),
    "da": (
        "tak takker",
        "mange tusind så meget for hjælpen hjælp din jeres den hurtige svaret svar alt det nu "
        "virker fungerer igen godt fint perfekt super løst er ja ok og",
    ),
    "no": (
        "takk takker",
        "mange tusen så mye for hjelpen hjelp din deres den raske svaret svar alt det nå virker "
        "fungerer igjen bra fint perfekt supert løst er ja ok og",
    ),
    "fi": (
        "kiitos kiitoksia kiitti kiitän kiitokset",
        "paljon oikein avusta avustanne tuesta nopeasta vastauksesta kaikki nyt toimii hyvin "
        "taas hienoa hyvä loistavaa kunnossa ok kyllä ja erittäin suuri suuret",
    ),
    "pl": (
        "dziękuję dziękujemy dzięki dziekuje dzieki",
        "bardzo serdecznie wielkie za pomoc szybką odpowiedź wsparcie rozwiązanie wszystko już "
        "teraz działa dobrze świetnie super idealnie ok tak jest i rozwiązane państwu pięknie",
    ),
    "cs": (
        "děkuji děkuju děkujeme díky dekuji diky",
        "moc mockrát vám ti za pomoc rychlou rychlé odpověď vyřešení podporu vše všechno už teď "
        "nyní funguje dobře v pořádku super perfektní výborně ok ano je a velice",
    ),
    "ru": (
        "спасибо благодарю благодарим",
        "большое огромное вам тебе за помощь быстрый быструю ответ поддержку решение всё все "
        "теперь уже работает хорошо отлично супер прекрасно ок да и очень заработало решено",
    ),
    "tr": (
        "teşekkürler teşekkür sağolun sağol tesekkurler tesekkur",
        "ederim ederiz çok için yardımınız yardımlarınız hızlı cevap destek desteğiniz her şey "
        "şimdi artık çalışıyor iyi güzel süper mükemmel tamam evet çözüldü sağ ol olun ve",
    ),
}
_CJK_THANKS = (
    *("ありがとうございました", "ありがとうございます", "有難うございました", "有難うございます"),
    *("ありがとう", "感謝いたします", "感謝します", "感謝申し上げます", "御礼申し上げます"),
    *("非常感谢", "非常感謝", "十分感谢", "感谢您", "感谢", "感謝", "谢谢您", "谢谢你", "谢谢"),
    *("謝謝您", "謝謝你", "謝謝", "多谢", "多謝"),
)
_CJK_BESIDE = (
    *("どうも", "誠に", "本当に", "大変", "迅速な", "早速の", "ご対応", "対応", "ご支援", "ご回答"),
    *("お世話になっております", "お世話になりました", "よろしくお願いいたします", "お疲れ様です"),
    *("よろしくお願いします", "助かりました", "解決しました", "解決いたしました", "直りました"),
    *("動きました", "使えるようになりました", "問題ありません", "了解しました", "承知しました"),
    *("確認しました", "無事に", "無事", "をいただき", "いただき", "はい", "の件"),
    *("您的帮助", "你的帮助", "的帮助", "您的支持", "的支持", "帮助", "支持", "快速回复", "回复"),
    *("已经解决了", "已经解决", "已解决", "问题解决了", "问题已解决", "现在可以了", "可以了"),
    *("现在", "已经", "很好", "好的", "正常了", "正常", "收到", "您好", "你好", "的", "您", "你"),
)
_CJK_GREETING = re.compile(
    r"^[^\s、。，,!！]{1,12}(?:様|さん|さま|先生|女士)[、，,]?$", re.MULTILINE
)

_CLOSING_LINES = 6  # of the end of a text in which a closing may begin
_CLOSING_LINE = 80  # characters of such a line

GREETINGS = _folded_words(
    "hi hello hey dear morning afternoon hallo liebe lieber guten tag moin servus bonjour salut "
    "cher chère hola buenos buenas días tardes estimado estimada ciao buongiorno gentile olá "
    "oi caro cara bom dia boa tarde beste geachte goedemorgen goedemiddag hej hei kära kære "
    "hyvä cześć witam dzień dobry ahoj dobrý den здравствуйте привет добрый день уважаемый "
    "merhaba selam sayın frau herr mr mrs ms mme monsieur madame"
)
CLOSINGS = _folded_words(
    "regards best kind warm warmest wishes cheers sincerely yours rgds br mfg grüße grüßen gruß "
    "grüssen gruss mit freundlichen freundliche viele liebe beste schöne lg vg cordialement "
    "bien vous salutations amicalement bonne journée saludos cordiales atentamente saludo un "
    "saluti cordiali distinti atenciosamente cumprimentos abraços att met vriendelijke groet "
    "groeten hälsningar vänliga med mvh hilsen venlig vennlig hilsner terveisin ystävällisin "
    "pozdrawiam pozdrowienia poważaniem z s pozdravem přátelským уважением с saygılarımla "
    "saygılar iyi çalışmalar günler thanks thank you and many merci danke"
)
# In a signature anything may stand but these: whoever says them goes on writing.
_COMPLAINTS = _folded_words(
    "but however still not no never again broken error problem unfortunately issue ps fails "
    "failed please can't doesn't isn't don't won't wrong aber nicht leider noch wieder fehler "
    "problem kein keine bitte mais pas encore malheureusement erreur problème pero no todavía "
    "error problema ma non ancora purtroppo errore mas não ainda erro maar niet nog helaas "
    "fout men inte fel tyvärr ikke fejl feil desværre dessverre ei mutta vielä virhe ale nie "
    "jeszcze niestety błąd ne není ještě bohužel chyba но не нет ещё ошибка проблема ama değil "
    "hâlâ hata sorun"
)
_THANKS = _folded_words(*(thanks for thanks, _ in _TABLE.values()))
_BESIDE = _folded_words(*(beside for _, beside in _TABLE.values()))


def _either(phrases: Sequence[str]) -> "re.Pattern[str]":
    return re.compile("|".join(sorted(phrases, key=len, reverse=True)))


_CJK_THANKED = _either(_CJK_THANKS)
_CJK_POLITE = _either((*_CJK_THANKS, *_CJK_BESIDE))


def is_thanks(text: str) -> bool:
    """Whether the new text of a reply thanks and says nothing else. Never raises."""
    if len(text) > _LONGEST or _REFUSED.search(text):
        return False
    plain = unicodedata.normalize("NFC", text).replace("’", "'")
    thanked = bool(_CJK_THANKED.search(plain) or _THUMBS.search(plain))
    plain = _CJK_GREETING.sub(" ", _CJK_POLITE.sub(" ", plain))
    lines = [line.strip() for line in plain.splitlines() if _WORD.search(line)]
    body, signed = _parted(lines)
    words = [word for line in body for word in _folded(line)]
    thanked = thanked or not _THANKS.isdisjoint(words)
    polite = all(_is_polite(line) for line in body)
    return thanked and polite and len(words) <= _WORDS and _is_signature(signed)


def closing_at(lines: Sequence[str]) -> int:
    """Where the closing ("Kind regards" and a signature of a few lines) begins that ends a text;
    len(lines) where there is none."""
    shown = [at for at, line in enumerate(lines) if line.strip()][-_CLOSING_LINES:]
    for at in shown:
        words = _folded(lines[at][:_CLOSING_LINE])
        if words and set(words) <= CLOSINGS and _is_signature(lines[at + 1 :]):
            return at
    return len(lines)


def _folded(line: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(line)]


def _parted(lines: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """(what is said, the closing line and the signature, or the name that ends the mail)."""
    for at, line in enumerate(lines):
        words = _folded(line)
        if at and set(words) <= CLOSINGS and _THANKS.isdisjoint(words):
            return lines[:at], lines[at:]
    if len(lines) > 1 and _is_name(_WORD.findall(lines[-1])):
        return lines[:-1], lines[-1:]
    return lines, ()


def _is_signature(lines: Sequence[str]) -> bool:
    words = [word for line in lines for word in _folded(line)]
    return len(words) <= _SIGNED and _COMPLAINTS.isdisjoint(words)


def _is_name(words: Sequence[str]) -> bool:
    shown = all(word[0].isupper() and word.isalpha() for word in words)
    known = _COMPLAINTS.union(_BESIDE, _THANKS)
    return shown and len(words) <= _NAMES and known.isdisjoint(word.casefold() for word in words)


def _is_polite(line: str) -> bool:
    """Whether each word of a line is polite, or the name of whom it is said to."""
    return all(
        word.casefold() in _THANKS or word.casefold() in _BESIDE or is_name
        for word, is_name in _words(line)
    )


def _words(line: str) -> Iterator[tuple[str, bool]]:
    """Each word, and whether it is a greeting or a name: `Hi Ann,` and `Thanks Ann!`."""
    found = list(_WORD.finditer(line))
    before = ""
    for match in found:
        word, follows = match[0], line[match.end() : match.end() + 1]
        greets = match is found[0] and word.casefold() in GREETINGS
        called = before in GREETINGS or before in _THANKS
        named = called and _is_name([word]) and follows in ("", ",", "!", ".", "-", "，", "！")
        more = before in GREETINGS and word.casefold() in GREETINGS
        yield word, greets or named or more
        before = word.casefold()
