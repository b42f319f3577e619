"""What a User-Agent says, in words a person would use."""

import re
from typing import Literal
from urllib.parse import urlsplit

_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
#: Browsers inside other apps: they often withhold the camera or the position.
_INSIDE = re.compile(r"WhatsApp|Instagram|FBAN|FBAV|FB_IAB|\bLine/|TikTok|musical_ly|Twitter|Telegram|; wv\)")


def describe(user_agent: str) -> str:
    """Browser and system, or an empty text."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return ", ".join(filter(None, (browser, system)))


def browser_kind(user_agent: str) -> Literal["iphone", "iphone-app", "android", "desktop"]:
    """By where the settings of camera and position are: in Safari itself, in the phone's settings for other
    browsers of iOS, or beside the address."""
    if re.search(r"iPhone|iPad", user_agent):
        return "iphone-app" if re.search(r"CriOS|FxiOS|EdgiOS|OPT/|GSA/", user_agent) else "iphone"
    return "android" if "Android" in user_agent else "desktop"


def in_app(user_agent: str) -> bool:
    return bool(_INSIDE.search(user_agent))


def open_in_chrome(url: str, user_agent: str) -> str | None:
    """An address that makes Android leave the app for Chrome; iOS knows no such thing."""
    if "Android" not in user_agent:
        return None
    parts = urlsplit(url)
    return f"intent://{parts.netloc}{parts.path}#Intent;scheme={parts.scheme};package=com.android.chrome;end"
