"""Documents as owners might write them, drawn by chance: most are valid, some are to be refused."""

import random
from typing import Any

from consent_server.sites.document.closed_lists import POSITIONS, SCHEMES, SHIPPED_CATEGORIES
from tests.browser.consent_page import TEXTS
from tests.browser.service import TRACKER

#: From one letter to a sentence, in several scripts, with and without places to break.
WORDS = [
    *("I", "measure visits", "Datenschutzgrundverordnungsbeauftragter", "<b>now</b>", "&amp;"),
    *(
        "مقاييس الزيارات",
        "Ünïçödé çhöïçé",
        "設定を選択してください",
        "👍 yes",
        "x" * 60,
        "a.b/c?d=e",
    ),
]


class Draw:
    """One sequence of draws, the same for the same seed."""

    def __init__(self, seed: object):
        self.random = random.Random(str(seed))

    def site(self) -> dict[str, Any]:
        """Return what a document says beside its origins."""
        own = self.random.sample(["video", "social-media", "chat_2"], self.random.randint(0, 3))
        usual = self.random.sample(SHIPPED_CATEGORIES[1:], self.random.randint(0, 3))
        optional = [*usual, *own] or ["analytics"]
        self.random.shuffle(optional)
        languages = self.random.sample(sorted(TEXTS), self.random.randint(1, 2))
        return {
            "categories": [
                {"id": "necessary", "required": True, "reason": "security"},
                *({"id": id_} for id_ in optional),
            ],
            "languages": {"default": languages[0], "available": languages},
            "services": [self._service(number, optional) for number in range(self._few(12))],
            "profile": self.random.choice(["gdpr", "fr-cnil", "it-garante", "ie-dpc"]),
            "theme": self.theme(),
            "texts": {language: self._texts(own, optional) for language in languages},
        }

    def theme(self) -> dict[str, Any]:
        """Return a theme; its colours may be unreadable, its place one of another layout."""
        layout = self.random.choice(list(POSITIONS))
        every = [place for places in POSITIONS.values() for place in places]
        places = every if self.random.random() < 0.1 else POSITIONS[layout]
        # Two colours of chance seldom go together.
        colours = ["accent", "accent_dark", "background", "background_dark"]
        colours = self.random.sample(colours, self.random.choice([0, 0, 1, 1, 1, 2]))
        rest = {
            "scheme": self.random.choice(SCHEMES),
            "radius": self.random.randint(0, 24),
            "font": self.random.choice(["site", "system"]),
            "text_size": self.random.choice(["medium", "large"]),
        }
        return {
            "layout": layout,
            **({"position": self.random.choice(places)} if places else {}),
            **{name: self._colour() for name in colours},
            **{key: value for key, value in rest.items() if self.random.random() < 0.6},
        }

    def _colour(self) -> str:
        """Return any colour, the outermost of all more often."""
        extreme = ["#000000", "#ffffff", "#ffff00", "#0000ff", "#767676"]
        return self.random.choice([*extreme, *(f"#{self.random.randrange(1 << 24):06x}",) * 8])

    def _few(self, most: int) -> int:
        return self.random.choice([0, 1, 2, self.random.randint(0, most)])

    def _text(self, most: int) -> str:
        length = self.random.choice([1, 20, most // 2, most])
        text = self.random.choice(WORDS)
        while len(text) < length:
            text += " " + self.random.choice(WORDS)
        return text[:most].strip()

    def _texts(self, own: list[str], optional: list[str]) -> dict[str, str]:
        texts = {}
        for slot, most in {"title": 120, "intro": 4_000}.items():
            if self.random.random() < 0.5:
                texts[slot] = self._text(most)
        for id_ in optional:
            if id_ in own or self.random.random() < 0.3:
                texts[f"category.{id_}.title"] = self._text(80)
                texts[f"category.{id_}.text"] = self._text(200)
        return texts

    def _service(self, number: int, optional: list[str]) -> dict[str, Any]:
        category = self.random.choice(optional)
        return {**TRACKER, "id": f"s{number}", "name": self._text(200), "category": category}
