"""What a jar has answered, remembered until the jar changes.

A warm jar answers with one look-up, whatever it holds. An answer given again is another use of its
cookies, and eviction goes by the last use (RFC 6265 §5.3, §5.4 step 3): uses are noted here, and
passed on to the cookies before that matters. Chooses nothing: which cookies match, and how they are
sent, is decided elsewhere.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.cookies import Morsel
from itertools import count

from yarl import URL

from ._cookie import Cookie

# Answers, and characters of their fields and paths: enough for any client of an API. A crawler
# fills that, and then it starts anew.
_MAX_ANSWERS = 512
_MAX_TEXT = 1_048_576
# What an answer takes for each of its cookies, in characters.
_PER_COOKIE = 64

_Key = tuple[str, str | None, str, int | None]


@dataclass(slots=True, eq=False)
class Answer:
    """The cookies for one URL, longest path first, and what was made of them so far."""

    cookies: Sequence[Cookie]
    #: The number of its last use, see `Remembered.ticks`.
    used_at: int
    #: The Cookie field value, once it was asked for.
    field_value: str | None = None
    #: The cookies to show, one per name, once they were asked for. For copying only.
    shown: Mapping[str, Morsel[str]] | None = None


class Remembered:
    """Answers by scheme, host, path and port of the URL, which is all that cookies depend on."""

    __slots__ = ("_answers", "text", "ticks")

    def __init__(self) -> None:
        self._answers: dict[_Key, Answer] = {}
        #: About how many characters all answers have. Who adds a field value counts it.
        self.text = 0
        #: Numbers the uses of cookies: smaller is earlier.
        self.ticks: Iterator[int] = count(1)

    def answer(self, url: URL, matching: Callable[[URL], Sequence[Cookie]]) -> Answer:
        """The answer for this URL, used now. `matching` gives its cookies if it is a new one."""
        key = url.scheme, url.raw_host, url.raw_path, url.port
        answer = self._answers.get(key)
        if answer is None:
            return self._keep(key, matching(url))
        answer.used_at = next(self.ticks)
        return answer

    def settle(self) -> None:
        """Tell the cookies when they were last used."""
        for answer in self._answers.values():
            for cookie in answer.cookies:
                if cookie.last_used < answer.used_at:
                    cookie.last_used = answer.used_at

    def forget(self) -> None:
        """Forget all answers: they are no longer true."""
        self.settle()
        self._answers.clear()
        self.text = 0

    def _keep(self, key: _Key, cookies: Sequence[Cookie]) -> Answer:
        if self.text > _MAX_TEXT or len(self._answers) >= _MAX_ANSWERS:
            self.forget()
        self.text += len(key[2]) + len(cookies) * _PER_COOKIE
        answer = self._answers[key] = Answer(cookies, next(self.ticks))
        return answer
