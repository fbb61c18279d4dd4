"""What mail programs say in many languages, as tables of alternatives for patterns.

Each table is a text: alternatives are set apart by `|`, line breaks do not count. A phrase may
hold a pattern of its own. To teach the desk a language, add its words here.
"""


def alternatives(table: str) -> str:
    """The table as one line of a regular expression."""
    return "|".join(
        phrase for line in table.splitlines() for phrase in line.strip().split("|") if phrase
    )


WROTE = alternatives(r"""
    wrote|writes|sent|said|schrieb|geschrieben|a écrit|écrit|ecrit|escribió|escribio|
    ha scritto|scrisse|schreef|geschreven|het volgende|skrev|skrifaði|kirjoitti|
    napisał|napisała|napsal|napísal|napisao|написал|написала|пишет|написав|пише|написа|
    yazdı|đã viết|viết|escreveu|a scris|írta|έγραψε|rakstīja|rašė|kirjutas|menulis|va escriure|
    pisze|napisao je|napisala|piše|del dia|כתב|כתבה|מאת|كتب|كتابة|เขียนว่า
""")

CJK_WROTE = alternatives(r"""
    写道|寫道|写到|さんは書きました|さんが書きました|さんのメッセージ|のメール|작성|님이
""")

WEEKDAYS = alternatives(r"""
    mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|jeu|ven|sam|dim|mo|di|mi|do|fr|sa|so|
    man|tir|ons|tor|fre|lør|søn|mån|tis|lör|sön|ma|wo|vr|za|zo|mié|jue|vie|sáb|seg|ter|qua|
    qui|sex|gio|pon|wt|śr|czw|pt|sob|nie|пн|вт|ср|чт|пт|сб|вс|нд|
    po|út|st|čt|pá|ne|ut|št|pi|pirmd|otrd|trešd|ceturtd|piektd|sestd|svētd|pr|ob|
    понедельник|вторник|среда|среду|четверг|пятница|пятницу|суббота
""")

ATTRIBUTION_OPENERS = alternatives(r"""
    on|at|le|am|el|em|il|in data|op|den|d\.|på|kl|w dniu|dnia|dne|dňa|dana|в|во|от|vào|a|la|pe|
    στις|στη|ב|בתאריך|في|在|于|於|w|ma|v|pada|kuupäev|missatge|ในวันที่|на
""")

ORIGINAL_MESSAGE = alternatives(r"""
    original message|original email|original appointment|reply message|quoted message|
    original-nachricht|originalnachricht|ursprüngliche nachricht|ursprüngliche e-mail|antwort|
    message d['’]origine|message original|message initial|mensaje original|mensagem original|
    messaggio originale|oorspronkelijk bericht|origineel bericht|
    originalmeddelande|ursprungligt meddelande|oprindelig meddelelse|original meddelelse|
    opprinnelig melding|alkuperäinen viesti|wiadomość oryginalna|oryginalna wiadomość|
    původní zpráva|eredeti üzenet|mesaj original|orijinal mesaj|
    исходное сообщение|оригинальное сообщение|оригінальне повідомлення|
    αρχικό μήνυμα|原始邮件|原始郵件|原邮件|元のメッセージ|원본 ?메시지|tin nhắn gốc
""")

FORWARDED_MESSAGE = alternatives(r"""
    (?:begin |start of )?(?:forwarded|fwd) ?message|forwarded by .{1,80}|
    anfang der weitergeleiteten (?:nachricht|e-mail)|weitergeleitete nachricht|
    weitergeleitet von .{1,80}|début du message (?:transféré|réexpédié)|
    message transféré|message transmis|mensaje reenviado|inicio del mensaje reenviado|
    mensagem encaminhada|mensagem reencaminhada|messaggio inoltrato|inizio messaggio inoltrato|
    doorgestuurd bericht|begin doorgestuurd bericht|vidarebefordrat (?:mail|meddelande|brev)|
    videresendt (?:besked|melding|meddelelse)|välitetty viesti|
    wiadomość przekazana|przekazana wiadomość|treść przekazanej wiadomości|
    přeposlaná zpráva|továbbított üzenet|mesaj redirecționat|iletilen mesaj|yönlendirilen ileti|
    пересланное сообщение|пересылаемое сообщение|перенаправленное сообщение|переслане повідомлення|
    転送メッセージ|转发的邮件|轉寄的郵件|전달된 메시지
""")

HEADER_FIELDS = {
    "from": alternatives("""
        from|von|de|da|van|från|fra|lähettäjä|od|kimden|от|від|từ|feladó|pošiljatelj|expéditeur|
        de la|από|发件人|寄件者|寄件人|差出人|보낸 사람|보낸사람|mittente|remitente|
        afzender|šalje|nuo|saatja|מאת|من|จาก
    """),
    "date": alternatives("""
        date|sent|gesendet|datum|envoyé|envoyé le|enviado el|enviado em|enviado|enviada|fecha|
        data|inviato|verzonden|skickat|sendt|dato|lähetetty|päivämäärä|pvm|wysłano|wysłane|
        odesláno|odoslané|dátum|küldve|elküldve|trimis|tarih|gönderme tarihi|gönderildi|
        дата|отправлено|надіслано|ngày|đã gửi|ημερομηνία|发送时间|发送日期|日期|寄件日期|
        日時|送信日時|보낸 날짜|날짜|message du|poslano|изпратено|išsiųsta|saadetud|enviat|
        נשלח|תאריך|تاريخ الإرسال|التاريخ|ส่ง|วันที่
    """),
    "to": alternatives("""
        to|an|à|a|para|aan|til|till|vastaanottaja|vastaanottajat|do|komu|címzett|către|kime|
        кому|đến|προς|收件人|收件者|宛先|받는 사람|destinataire|prima|за|per a|kam|adressaat|
        אל|إلى|ถึง
    """),
    "cc": alternatives("""
        cc|copie à|copie|kopie|kopia|kopi|copia|cópia|dw|másolatot kap|bilgi|копия|копія|
        抄送|副本|참조
    """),
    "subject": alternatives("""
        subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|aihe|temat|předmět|
        predmet|tárgy|subiect|konu|тема|chủ đề|θέμα|主题|主旨|件名|제목|zadeva|
        относно|teema|assumpte|נושא|الموضوع|เรื่อง
    """),
}

SENT_FROM_DEVICE = alternatives(r"""
    sent (?:from|via|with|using|by) (?:my |our |your |a phone|mobile|phone|galaxy|i?pad|i?phone)|
    sent (?:from|via|with|using|by) (?:blackberry|windows|mail|yahoo|outlook|samsung|android)|
    sent (?:from|via|with|using|by) (?:proton|airmail|\[)|
    from my (?:iphone|ipad|mobile|phone)|get \[?outlook for|\S{1,20} from mobile$|
    envoyé (?:de|depuis|à partir)|télécharger outlook|gesendet (?:von|mit)|
    von meinem \S{1,30} gesendet|diese nachricht wurde von mein|
    enviado (?:desde|do|de|a partir)|inviato da|(?:verzonden|verstuurd) (?:vanaf|met|van|via)|
    skickat från|skickades från|sendt fra|lähetetty|wysłan[eoay] z|odesláno z|odoslané z|
    отправлено (?:с|из|от)|надіслано з|trimis de pe|elküldve|gửi từ|
    从我的|從我的|发自我的|發自我的|나의 iphone
""")

BOUNCE_SUBJECT = alternatives(r"""
    undeliver|undelivered|delivery (?:status|failure|report|notification|problem|error)|
    delivery (?:has failed|incomplete|was incomplete|delayed|was delayed)|
    (?:mail|message) delivery (?:failed|failure|system|problem|error|status)|failure notice|
    mail (?:system error|could not|not deliver|delivery)|returned (?:mail|to sender)|
    return(?:ed)? message|non-?delivery|nondeliverable|delayed mail|mail failure|
    warning: (?:could not|message)|bounced? ?(?:mail|message)|could not send message|
    error sending|automatic (?:delivery|bounce)|message (?:not |un)deliver|
    there was an error sending|message status - undeliverable|dsn:|permanent error|
    complaint about message|unzustellbar|não entregue|notificação de falha|
    échec de (?:la )?remise|non remis|mancato recapito|no se puede entregar|onbestelbaar|
    недоставлен|配信不能|メールエラー|メール配信|退信|系统退信
""")

BOUNCE_TEXT = alternatives(r"""
    could ?n[o']t be delivered|not (?:be )?delivered to|undeliver|user unknown|unknown user|
    delivery (?:to the following|has failed|failed)|mailbox (?:unavailable|full|not found)|
    permanent(?:ly)? (?:fatal )?error|returned (?:to sender|below)|no such user|
    failed (?:permanently|recipient)|does not exist|message was not accepted|
    invalid (?:user|recipient|address)|550[ -]|5\.\d\.\d
""")

AUTOMATIC_SUBJECT = alternatives(r"""
    auto(?:matic(?:ally)?)?[- ]?(?:reply|response|responder|generated)|auto:|autoreply|
    out of (?:the )?office|out-of-office|ooo:|away from (?:the |my )?(?:office|mail)|
    on vacation|vacation (?:reply|response|message)|
    (?:i am|i'm) (?:currently )?(?:out of (?:the )?office|on (?:vacation|leave|holiday))|
    automatische antwort|automatisierte antwort|abwesenheit|abwesend|nicht im büro|
    réponse automatique|message d['’]absence|absence du bureau|absent du bureau|
    respuesta automática|fuera de la oficina|resposta automática|fora do escritório|
    risposta automatica|fuori sede|fuori ufficio|automatisch antwoord|afwezig|
    autosvar|automatiskt svar|frånvaro|automatisk svar|fravær|ikke på kontoret|
    automaattinen vastaus|automatyczna odpowiedź|odpowiedź automatyczna|poza biurem|nieobecn|
    automatická odpověď|mimo kancelář|automatikus válasz|răspuns automat|otomatik yanıt|
    ofis dışında|автоответ|автоматический ответ|автоматична відповідь|αυτόματη απάντηση|
    自動応答|自動返信|不在通知|自动回复|自動回覆|자동 회신|부재중|trả lời tự động
""")

# Those of the subjects that tell of an absence, and not only that a program answers.
AWAY_SUBJECT = alternatives(r"""
    out of (?:the )?office|out-of-office|\booo\b|away from (?:the |my )?(?:office|mail|desk)|
    on (?:vacation|leave|holidays?)\b|vacation (?:reply|response|message)|
    abwesen|nicht im (?:büro|haus)|im urlaub|urlaub|message d['’]absence|absence du bureau|
    absente? du bureau|en congés?\b|fuera de la oficina|de vacaciones|ausencia|
    fora do escritório|de férias|ausência|fuori (?:sede|ufficio)|in ferie|assenza|
    afwezig|niet op kantoor|frånvaro|på semester|fravær|ikke på kontoret|på ferie|poissaolo|
    lomalla|poza biurem|nieobecn|na urlopie|mimo kancelář|nepřítom|na dovolené|házon kívül|
    szabadság|în concediu|ofis dışında|izinde|в отпуске|у відпустці|不在|休暇|不在办公室|休假|
    부재중|휴가|vắng mặt|nghỉ phép
""")

# What an automatic answer alone may say of an absence; in a person's mail it would mean anything.
AWAY_SHORT = alternatives(r"""
    \bi(?:['’]m| am| will be) (?:currently |now )?(?:away|out|travell?ing|abroad|off)\b|
    \A\W{0,5}away\W{0,5}\Z|\b(?:away|out|abroad|off) (?:until|till|from|on|this week|today)\b|
    \b(?:is|are) (?:currently |now )?(?:away from|out of) (?:the |his |her |their )?office|
    \bout of (?:the )?office\b|\bon (?:annual |parental |sick |maternity )?leave\b|
    \bon (?:vacation|holidays?)\b|\b(?:back|return(?:ing)?)(?: to (?:the )?office)? on\b|
    \bnicht im (?:büro|haus|dienst)\b|\babwesen(?:d|heit)\b|\b(?:im|in) (?:urlaub|elternzeit)\b|
    \bwieder (?:zurück|erreichbar|im (?:büro|haus))\b|\bde retour (?:le|au)\b|\babsente?\b|
    \ben congés?\b|\bde vacaciones\b|\bausente\b|\bfuera de la oficina\b|\bassente\b|
    \bin ferie\b|\bfuori (?:sede|ufficio)\b|\bde férias\b|\bafwezig\b|\bmet (?:vakantie|verlof)\b|
    \bpå (?:semester|ferie)\b|\blomalla\b|\bna (?:urlopie|dovolené)\b|\bnieobecn|\bnepřítom|
    \bв отпуске\b|不在|休暇|休假|부재|휴가
""")

SOFT_BOUNCE = alternatives(r"""
    (?:mailbox|quota|inbox|mail ?drop)(?: size)? (?:is |limit |has )?(?:full|exceed)|over ?quota|
    (?:exceeds?|exceeded|over)(?: the| your| his| their)? (?:\S{1,20} )?(?:quota|size|limit)|
    quota exceed|insufficient (?:disk|system|storage)|disk (?:full|quota)|mailbox for user is full|
    too (?:big|large|many)|message size|(?:black|block|deny) ?list|spamhaus|spamcop|dnsbl|/bl\?|
    blocked|banned|name was rejected|client host rejected|poor reputation|bad reputation|spam|virus|
    content rejected|policy|relay(?:ing)? (?:not|denied|access)|(?:unable|not permitted) to relay|
    timed? ?out|expired|retry time|try again later|temporar|greylist|gray ?list|
    could not (?:create|open|write)|couldn't create|connection refused|
    (?:account|mailbox|user|recipient)(?: is| has been)? (?:disabled|suspended|inactive|locked)
""")

HARD_BOUNCE = alternatives(r"""
    (?:user|recipient|mailbox|account|address|alias)(?: \S{1,80})? (?:is )?unknown|
    (?:user|recipient|mailbox|account|address|alias)(?: \S{1,80})? (?:is )?(?:invalid|no longer)|
    (?:user|recipient|mailbox|account|address|alias) (?:is )?not (?:found|known|exist|valid)|
    (?:unknown|no such) (?:local|user|recipient|mailbox|account|address|domain|host|person)|
    (?:invalid|non-?existent|bad destination) (?:local|user|recipient|mailbox|account|address)|
    (?:invalid|non-?existent|bad destination) (?:domain|host)|no mailbox (?:here|by that name)|
    unknown or illegal alias|not listed in|
    host (?:unknown|not found|does not accept)|domain (?:not found|is not reachable)|
    name (?:is )?not (?:recogni[sz]ed|found)|not our customer|has moved|
    no longer (?:here|valid|with)|
    recipient address rejected: (?:access denied|user unknown)|destinataire invalide|
    name or service not known|nxdomain|does not exist
""")

# How somebody who is away begins: a person may say it, too. Only counts with a sign beside it.
AWAY = alternatives(r"""
    \bi(?:['’]m| am| will be) (?:currently |now )?(?:out of (?:the )?office|out of town)|
    \bi(?:['’]m| am| will be) (?:currently |now )?away from (?:the|my) (?:office|desk|mail)|
    \bi(?:['’]m| am| will be) (?:currently |now )?on (?:\w{1,12} )?(?:leave|vacation|holidays?)\b|
    \bich bin\b[^.\n]{0,60}\b(?:nicht im (?:büro|haus)|abwesend|im urlaub|nicht erreichbar)|
    \bje suis (?:actuellement )?(?:absente?|en (?:congé|vacances))|
    \b(?:estoy|estaré|me encuentro) (?:actualmente )?(?:fuera de la oficina|de vacaciones|ausente)|
    \bsono (?:attualmente )?(?:assente|fuori (?:sede|ufficio)|in ferie)|
    \b(?:estou|estarei) (?:atualmente )?(?:ausente|fora do escritório|de férias)|
    \bik ben\b[^.\n]{0,40}\b(?:afwezig|niet (?:op kantoor|aanwezig)|(?:met|op) (?:vakantie|verlof))|
    \bjag är\b[^.\n]{0,40}\b(?:på semester|inte på kontoret|frånvarande|ledig)|
    \bjeg er\b[^.\n]{0,40}\b(?:ikke på kontoret|på ferie|bortrejst|fraværende)|
    \bolen (?:tällä hetkellä )?(?:lomalla|poissa)|
    \b(?:jestem|przebywam|będę) (?:obecnie )?(?:na urlopie|nieobecn[ya]|poza biurem)|
    \b(?:jsem|budu) (?:momentálně |nyní )?(?:mimo kancelář|na dovolené|nepřítom)|
    \b(?:нахожусь|буду) в отпуске|\bменя нет (?:в офисе|на месте)|\bя (?:сейчас )?в отпуске|
    ofis dışındayım|\bizindeyim|不在にして|不在のため|休暇を(?:いただ|頂|取)|
    我[^。\n]{0,10}(?:不在办公室|休假|出差)
""")

# What else an absence says, and a person who writes by hand does not.
AWAY_NOTE = alternatives(r"""
    auto-?(?:responder|reply)|automat(?:ic|ed) (?:reply|response|message|e-?mail)|
    (?:limited|no) access to (?:my )?e-?mail|(?:when|after|upon) (?:i|my) return|
    (?:urgent|emergency)[^.\n]{0,60}(?:contact|call|write)|
    automatische (?:antwort|nachricht)|in dringenden fällen|nach meiner rückkehr|
    wird nicht weitergeleitet|réponse automatique|message automatique|en cas d['’]urgence|
    à mon retour|respuesta automática|en caso de urgencia|a mi regreso|risposta automatica|
    in caso di urgenza|al mio rientro|resposta automática|em caso de urgência|no meu regresso|
    automatisch (?:antwoord|bericht)|in dringende gevallen|autosvar|automatiskt svar|
    vid brådskande|automatisk svar|i hastetilfælde|i hastesaker|automaattinen vastaus|
    kiireellisissä|automatyczna odpowiedź|w pilnych sprawach|automatická odpověď|
    v naléhavých případech|автоматический ответ|по срочным вопросам|otomatik yanıt|
    acil durumlarda|自動応答|自動返信|緊急の|自动回复|自動回覆|紧急
""")
