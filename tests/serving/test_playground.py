"""The playground in a real browser, before a real server: headless Chromium and `domaintune serve`."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from picturing import png
from PIL import Image
from seeing import EYES, Both, content
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait
from served import ADMIN, KEY, WHY, Served, World, serving

from domaintune.serving import playground

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
needs_browser = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no Chromium here: apt-get install chromium chromium-driver"
)
TOKENS = 12
QUESTION = "Is the heart large?"
DONE = '.turn[aria-busy="true"]'


class Page:
    """The page as a person uses it."""

    def __init__(self, browser: webdriver.Chrome, server: Served) -> None:
        self.browser, self.server = browser, server

    def open(self, address: str | None = None) -> None:
        self.browser.get(address or self.server.address)
        self.until(lambda: self.of("model-0").text)
        self.run("document.getElementById('max-tokens').value = arguments[0]", TOKENS)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def of(self, name: str) -> WebElement:
        return self.browser.find_element(By.ID, name)

    def all(self, selector: str, within: WebElement | None = None) -> list[WebElement]:
        return (within or self.browser).find_elements(By.CSS_SELECTOR, selector)

    def until(self, condition: Any, seconds: float = 20) -> None:
        WebDriverWait(self.browser, seconds, 0.02, ignored_exceptions=[Exception]).until(lambda _: condition())

    def press(self, *keys: str) -> None:
        self.browser.switch_to.active_element.send_keys(*keys)

    def choose(self, column: int, name: str) -> None:
        Select(self.of(f"model-{column}")).select_by_value(name)

    def type_name(self, column: int, name: str) -> None:
        self.choose(column, " other")
        self.of(f"name-{column}").send_keys(name)

    def ask(self, question: str = QUESTION) -> None:
        self.begin(question)
        self.until(lambda: not self.all(DONE))

    def begin(self, question: str) -> None:
        before = len(self.all(".turn"))
        self.of("prompt").send_keys(question, Keys.CONTROL, Keys.ENTER)
        self.until(lambda: len(self.all(".turn")) > before)

    def texts(self, selector: str) -> list[str]:
        """The text of each shown column's last such element, letter by letter."""
        shown = [column for column in self.all(".column") if column.is_displayed()]
        found = [self.all(f".turn:last-child {selector}", column) for column in shown]
        return [self.run("return arguments[0].textContent", several[-1]) if several else "" for several in found]

    def facts(self, column: int) -> dict[str, str]:
        facts = self.all(".turn:last-child .facts div", self.all(".column")[column])
        return dict(pair.text.split("\n") if "\n" in pair.text else pair.text.rsplit(" ", 1) for pair in facts)

    def administer(self, key: str = ADMIN) -> None:
        self.all("#admin summary")[0].send_keys(Keys.ENTER)
        self.of("admin-key").send_keys(key, Keys.ENTER)

    def press_button(self, label: str) -> None:
        self.run("arguments[0].focus()", self.all(f'button[aria-label="{label}"]')[0])
        self.press(Keys.ENTER)

    def versions(self) -> dict[str, str]:
        """The states that are shown of each version."""
        return {
            self.all(".version", row)[0].text: " ".join(badge.text for badge in self.all(".state", row))
            for row in self.all("#versions li")
        }


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1200,900"):
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=str(DRIVER)))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def own(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that asks users for no key, and that these tests may change."""
    home = tmp_path_factory.mktemp("home")
    world.registry(home, ["alpha*", "alpha-2*", "alpha-3", "beta*", "gamma*"])
    with serving(home, key=None) as running:
        yield running


@pytest.fixture
def page(browser: webdriver.Chrome, own: Served) -> Iterator[Page]:
    made = Page(browser, own)
    made.open()
    yield made
    complaints = [line["message"] for line in browser.get_log("browser") if "Content Security" in line["message"]]
    assert complaints == []


def completion(server: Served, model: str, *said: str) -> Any:
    """What the server says to a conversation of questions and answers, asked without the page."""
    messages = [{"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(said)]
    return server.client().chat.completions.create(model=model, messages=messages, max_tokens=TOKENS, seed=0)  # type: ignore[call-overload]


def answer(server: Served, model: str, *said: str) -> str:
    return str(completion(server, model, *said).choices[0].message.content)


@needs_browser
def test_base_and_two_adapters_answer_side_by_side_and_say_who_they_are(page: Page) -> None:
    assert [Select(page.of(f"model-{column}")).first_selected_option.text for column in range(3)] == [
        "base",
        "alpha",
        "nobody",
    ]
    page.choose(2, "beta")
    page.ask()
    assert page.texts(".answer") == [answer(page.server, model, QUESTION) for model in ("base", "alpha", "beta")]
    assert len(set(page.texts(".answer"))) == 3
    for column, (model, version) in enumerate({"base": "tiny", "alpha": "alpha@2", "beta": "beta@1"}.items()):
        facts = page.facts(column)
        assert facts["answered by"] == version
        expected = completion(page.server, model, QUESTION)
        assert facts["tokens"] == str(expected.usage.completion_tokens)
        assert facts["ended"] == expected.choices[0].finish_reason
        assert re.fullmatch(r"\d+ ms|[\d.]+ s", facts["first token"])
        assert re.fullmatch(r"[\d.]+ tokens/s", facts.get("speed", "1 tokens/s"))
    assert "speed" in page.facts(0) or "speed" in page.facts(1)


@needs_browser
def test_text_appears_while_it_is_written_and_escape_stops_it(page: Page) -> None:
    page.run("document.getElementById('max-tokens').value = 900")
    page.begin(QUESTION)
    page.until(lambda: all(page.texts(".answer")))
    assert page.all(DONE)
    page.press(Keys.ESCAPE)
    page.until(lambda: not page.all(DONE))
    assert "stopped by you" in {page.facts(column)["ended"] for column in (0, 1)}
    assert not page.of("stop").is_displayed()
    assert page.browser.switch_to.active_element == page.of("prompt")


@needs_browser
def test_each_column_remembers_its_own_conversation_until_it_is_cleared(page: Page) -> None:
    page.ask()
    first = page.texts(".answer")
    page.ask("And now?")
    expected = [
        answer(page.server, model, QUESTION, said, "And now?")
        for model, said in zip(("base", "alpha"), first, strict=True)
    ]
    assert page.texts(".answer") == expected
    page.press_button("Clear the conversation with alpha")
    page.ask("And now?")
    assert page.texts(".answer")[1] == answer(page.server, "alpha", "And now?") != expected[1]


@needs_browser
def test_a_mix_is_asked_by_a_typed_name_and_an_unknown_one_says_so(page: Page) -> None:
    page.type_name(0, "alpha:0.5+beta:0.5")
    page.type_name(1, "nobody-here")
    page.ask()
    assert page.texts(".answer") == [answer(page.server, "alpha:0.5+beta:0.5", QUESTION), ""]
    assert page.facts(0)["answered by"] == "alpha@2:0.5+beta@1:0.5"
    assert "'nobody-here' does not exist here" in page.texts(".error")[1]
    assert page.of("status").get_attribute("textContent") == "1 of 2 answers failed"


@needs_browser
def test_what_was_asked_is_not_lost_where_nobody_answers(page: Page) -> None:
    page.type_name(0, "nobody-here")
    page.choose(1, "")
    page.ask()
    assert page.of("prompt").get_attribute("value") == QUESTION


@needs_browser
def test_settings_reach_the_server_and_nonsense_is_not_sent(page: Page) -> None:
    page.run("document.getElementById('settings').open = true")
    page.of("temperature").clear()
    page.of("temperature").send_keys("3")
    page.of("prompt").send_keys(QUESTION, Keys.CONTROL, Keys.ENTER)
    assert page.all(".turn") == []
    page.of("temperature").clear()
    page.of("temperature").send_keys("1")
    drawn = []
    for seed in (7, 7, 8):
        page.of("seed").clear()
        page.of("seed").send_keys(str(seed))
        page.run("document.querySelectorAll('.column > header button').forEach((button) => button.click())")
        page.of("prompt").clear()
        page.ask()
        drawn.append(page.texts(".answer"))
    assert drawn[0] == drawn[1] != drawn[2]


@needs_browser
def test_an_admin_loads_promotes_and_rolls_back_and_refusals_are_shown(page: Page) -> None:
    page.administer("wrong-key-of-the-tests")
    page.until(lambda: "the API key is not the one of this server" in page.of("admin-error").text)
    assert page.of("admin-key").is_displayed()
    page.of("admin-key").send_keys(ADMIN, Keys.ENTER)
    page.until(lambda: page.versions().get("alpha@2") == "promoted loaded")
    page.press_button("Load alpha@3")
    page.until(lambda: page.versions()["alpha@3"] == "candidate loaded")
    assert page.browser.switch_to.active_element.get_attribute("data-version") == "alpha@3"
    page.press_button("Promote alpha@3")
    page.until(lambda: "alpha@3 is not promoted" in page.of("admin-error").text)
    page.of("override").send_keys(WHY)
    page.press_button("Promote alpha@3")
    page.until(lambda: page.versions()["alpha@3"] == "promoted loaded")
    page.ask()
    assert page.facts(1)["answered by"] == "alpha@3"
    page.press_button("Roll back alpha@3")
    page.until(lambda: page.versions()["alpha@2"] == "promoted loaded")
    assert page.server.registry.find("alpha").id == "alpha@2"
    page.ask()
    assert page.facts(1)["answered by"] == "alpha@2"


@needs_browser
def test_keys_stay_in_memory_and_can_be_forgotten(page: Page) -> None:
    page.administer()
    page.until(page.versions)
    kept = page.run(
        "return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, "
        "document.documentElement.outerHTML, [...document.querySelectorAll('input')].map((one) => one.value)])"
    )
    assert ADMIN not in kept
    assert json.loads(kept)[:3] == [{}, {}, ""]
    page.of("forget").send_keys(Keys.ENTER)
    assert page.versions() == {}
    assert page.browser.switch_to.active_element == page.of("admin-key")


@needs_browser
def test_a_server_with_a_key_is_used_with_the_browsers_own_login_or_with_a_typed_key(
    browser: webdriver.Chrome, server: Served
) -> None:
    page = Page(browser, server)
    page.open(server.address.replace("http://", f"http://user:{KEY}@"))
    page.ask()
    assert page.facts(1)["answered by"] == "alpha@2"
    page.run("const real = fetch; window.fetch = (path, options) => real(path, {...options, credentials: 'omit'})")
    page.ask()
    assert "this server needs an API key" in page.texts(".error")[0]
    page.until(lambda: page.of("key").is_displayed())
    page.of("key").send_keys("wrong-key-of-the-tests", Keys.ENTER)
    page.until(lambda: "the API key is not the one of this server" in page.of("trouble").text)
    page.of("key").send_keys(KEY, Keys.ENTER)
    page.until(lambda: not page.of("key").is_displayed())
    page.of("prompt").clear()
    page.ask()
    assert page.facts(0)["answered by"] == "tiny"


HOSTILE = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>\u202e ünïcode 🩻 &amp;"


def canned(page: Page, *pieces: bytes) -> None:
    """Let the next answers be these bytes, in these pieces: what no tiny model would write."""
    page.run(
        "const pieces = arguments[0].map((piece) => Uint8Array.from(atob(piece), (c) => c.charCodeAt(0)));"
        "window.fetch = async () => new Response(new ReadableStream({ async start(to) {"
        "  for (const piece of pieces) { to.enqueue(piece); await new Promise((go) => setTimeout(go, 5)); }"
        "  to.close(); } }))",
        [base64.b64encode(piece).decode() for piece in pieces],
    )


def event(**values: Any) -> bytes:
    return b"data: " + json.dumps({"model": "alpha@2", **values}, ensure_ascii=False).encode() + b"\r\n\r\n"


def delta(text: str) -> bytes:
    return event(choices=[{"index": 0, "delta": {"content": text}, "finish_reason": None}])


@needs_browser
def test_what_a_model_or_a_passage_says_never_runs_and_is_shown_as_it_is(page: Page) -> None:
    passage = {"title": HOSTILE, "text": HOSTILE, "source": "javascript:alert(1)", "place": "line 3"}
    stream = (
        event(choices=[], domaintune={"passages": [passage]})
        + delta(HOSTILE)
        + b": a comment\n\n"
        + b"data: [DONE]\n\n"
    )
    canned(page, *(stream[place : place + 7] for place in range(0, len(stream), 7)))  # characters are cut in two
    page.ask()
    assert page.texts(".answer") == [HOSTILE, HOSTILE]
    assert page.texts(".origins p") == [HOSTILE, HOSTILE]
    assert page.texts(".origins cite") == [f"{HOSTILE} · javascript:alert(1), line 3"] * 2
    assert page.browser.title == "domaintune playground"
    assert page.all(".column img, .column script, .column a") == []


@needs_browser
@pytest.mark.parametrize(
    ("end", "said"),
    [
        (b'data: {"error": {"message": "the worker died", "type": "server_error"}}\n\n', "the worker died"),
        (b"", "the connection ended before the answer did"),
    ],
)
def test_an_answer_that_breaks_off_says_so_and_is_not_taken_for_whole(page: Page, end: bytes, said: str) -> None:
    canned(page, delta("half an"), end)
    page.ask()
    assert page.texts(".answer") == ["half an"] * 2
    assert page.texts(".error") == [said] * 2
    assert page.of("prompt").get_attribute("value") == QUESTION


@needs_browser
def test_the_page_follows_the_systems_colours_and_can_be_switched(page: Page) -> None:
    def brightness() -> int:
        return sum(map(int, re.findall(r"\d+", page.run("return getComputedStyle(document.body).backgroundColor"))[:3]))

    for system, first in (("dark", "Light"), ("light", "Dark")):
        page.browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": system}]}
        )
        page.open()
        before = brightness()
        assert (before < 200) == (system == "dark")
        assert page.of("theme").text == first
        page.of("theme").send_keys(Keys.ENTER)
        assert (brightness() < 200) != (before < 200)


@needs_browser
def test_a_narrow_screen_needs_no_sideways_scrolling(page: Page) -> None:
    size = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        page.choose(2, "beta")
        page.administer()
        page.until(page.versions)
        page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        page.ask("a-word-without-an-end-" * 20)
        assert page.run("return document.documentElement.scrollWidth") == 360
        shown = [one for one in page.all("button, input, select, textarea") if one.is_displayed()]
        outside = [one.accessible_name for one in shown if one.rect["x"] + one.rect["width"] > 360]
        assert outside == []
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@needs_browser
def test_everything_can_be_reached_by_the_keyboard_has_a_name_and_shows_the_focus(page: Page) -> None:
    page.all("body")[0].send_keys(Keys.TAB)
    assert page.browser.switch_to.active_element.text == "Skip to the question"
    page.press(Keys.ENTER)
    assert page.browser.switch_to.active_element == page.of("prompt")
    page.administer()
    page.until(page.versions)
    page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.run("document.querySelector('.skip').focus()")
    reached: list[WebElement] = []
    while (here := page.browser.switch_to.active_element).tag_name != "body" and here not in reached:
        assert here.accessible_name, here.get_attribute("outerHTML")
        assert page.run("return getComputedStyle(arguments[0]).outlineStyle", here) == "solid"
        reached.append(here)
        page.press(Keys.TAB)
    every = page.all("a, button, input, select, textarea, summary")
    usable = [one for one in every if one.is_displayed() and one.is_enabled()]
    assert [one.accessible_name for one in usable if one not in reached] == []
    order = [one.get_attribute("id") for one in reached if one.get_attribute("id")]
    assert order.index("model-0") < order.index("model-1") < order.index("prompt") < order.index("send")


@needs_browser
def test_a_reader_of_the_screen_hears_whole_answers(page: Page) -> None:
    page.ask()
    for log in page.all(".column .turns")[:2]:
        assert (log.get_attribute("role"), log.get_attribute("aria-live")) == ("log", "polite")
    assert page.of("status").get_attribute("textContent") == "2 answers are there"


DROP = """
const [kind, name, type, base64] = arguments;
const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
const data = new DataTransfer();
data.items.add(new File([bytes], name, { type }));
const event = (what) => kind === "paste"
  ? new ClipboardEvent(what, { clipboardData: data, bubbles: true, cancelable: true })
  : new DragEvent(what, { dataTransfer: data, bubbles: true, cancelable: true });
if (kind === "paste") { document.getElementById("prompt").dispatchEvent(event("paste")); return []; }
const shown = () => getComputedStyle(document.getElementById("ask")).outlineStyle;
const seen = [shown()];
for (const what of ["dragover", "drop"]) { document.body.dispatchEvent(event(what)); seen.push(shown()); }
return seen;
"""
SENT = "return [...document.querySelectorAll(arguments[0])].map((one) => [one.alt, one.src, one.naturalWidth])"


class Seeing(Page):
    """The page of a server that reads pictures."""

    def give(self, kind: str, picture: bytes, name: str = "circle.png", type_: str = "image/png") -> list[str]:
        """Drop or paste a file; returns the outline of the form before, while it is dragged and after."""
        seen: list[str] = self.run(DROP, kind, name, type_, base64.b64encode(picture).decode())
        return seen

    def attached(self) -> list[Any]:
        """Alternative text, address and width of the pictures that wait for the question."""
        found: list[Any] = self.run(SENT, "#attached img")
        return found

    def wait_for(self, count: int) -> None:
        self.until(lambda: len(self.attached()) == count and all(width for *_, width in self.attached()))

    @property
    def note(self) -> str:
        return str(self.of("picture-note").text)


@pytest.fixture
def seeing(browser: webdriver.Chrome, both: Both) -> Iterator[Seeing]:
    made = Seeing(browser, both.server)
    made.open()
    made.choose(0, "sees")
    made.choose(1, "")
    yield made
    complaints = [line["message"] for line in browser.get_log("browser") if "Content Security" in line["message"]]
    assert complaints == []


@needs_browser
def test_a_dropped_picture_goes_with_the_question_and_stays_in_the_conversation(seeing: Seeing) -> None:
    assert seeing.give("drop", png(1)) == ["none", "dashed", "none"]
    seeing.wait_for(1)
    ((alt, url, _),) = seeing.attached()
    assert alt == "the picture circle.png"
    seeing.ask()
    assert seeing.attached() == []
    assert [one[:2] for one in seeing.run(SENT, ".turn .pictures img")] == [[alt, url]]
    client = seeing.server.client()
    first: list[Any] = [{"role": "user", "content": content(QUESTION, url)}]
    asked: dict[str, Any] = {"model": "sees", "max_tokens": TOKENS, "seed": 0}
    expected = client.chat.completions.create(messages=first, **asked).choices[0].message.content
    assert seeing.texts(".answer") == [expected]
    assert expected != answer(seeing.server, "sees", QUESTION)
    seeing.ask("And now?")
    then = [*first, {"role": "assistant", "content": expected}, {"role": "user", "content": "And now?"}]
    assert seeing.texts(".answer") == [
        client.chat.completions.create(messages=then, **asked).choices[0].message.content
    ]


@needs_browser
def test_pictures_are_pasted_chosen_made_smaller_and_removed_by_the_keyboard(seeing: Seeing, tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    noise = Image.effect_noise((2200, 1100), 90).convert("RGB")
    noise.save(large, quality=95)
    seeing.give("paste", png(2))
    seeing.wait_for(1)
    assert seeing.of("attach").is_displayed()
    seeing.of("picture").send_keys(str(large))
    seeing.wait_for(2)
    (_, small, _), (name, shrunk, width) = seeing.attached()
    assert (name, width) == ("the picture large.jpg", 1024)
    assert small.startswith("data:image/png;base64,")
    assert shrunk.startswith("data:image/jpeg;base64,")
    assert len(shrunk) < large.stat().st_size / 2
    noise.save(tmp_path / "noise.png")
    seeing.of("picture").send_keys(str(tmp_path / "noise.png"))
    seeing.wait_for(3)
    assert all(len(url) <= 1_500_000 for _, url, _ in seeing.attached())
    for name in ("noise.png", "circle.png"):
        seeing.press_button(f"Remove the picture {name}")
        assert seeing.browser.switch_to.active_element == seeing.of("prompt")
    seeing.wait_for(1)
    seeing.ask()
    assert seeing.texts(".error") == [""]


@needs_browser
def test_pictures_are_offered_for_those_who_read_them_and_else_it_is_said_who_does(seeing: Seeing) -> None:
    assert seeing.of("attach").is_displayed()
    seeing.type_name(0, "sees:0.5+looks:0.5")
    assert seeing.of("attach").is_displayed()
    for model in ("alpha", "base"):
        seeing.choose(0, model)
        assert not seeing.of("attach").is_displayed()
        seeing.give("drop", png(1))
        seeing.until(lambda: seeing.note)
        assert seeing.note.startswith(f"none of the chosen models reads pictures; these do: {EYES}, looks, ")
    assert seeing.attached() == []
    seeing.choose(0, "sees")
    seeing.give("drop", b"hello", "hello.txt", "text/plain")
    seeing.until(lambda: seeing.note == "only pictures can be put beside a question: PNG, JPEG or WebP")
    seeing.give("drop", b"hello")
    seeing.until(lambda: seeing.note == "circle.png is no picture that this browser can read")
    seeing.give("drop", png(1))
    seeing.wait_for(1)
    assert seeing.note == ""
    seeing.choose(1, "alpha")
    seeing.ask()
    assert "alpha@1 reads no pictures" in seeing.texts(".error")[1]
    assert seeing.texts(".answer")[0]


def test_the_policy_names_the_script_and_the_style_that_are_in_the_page_and_nothing_else() -> None:
    html, headers = playground.page()
    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        assert policy[rule] == f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["connect-src"] == "'self'"


def test_the_page_is_one_file_that_asks_for_nothing_from_elsewhere() -> None:
    html, _ = playground.page()
    assert re.findall(r'\b(?:src|href)="(?!#|data:)', html) == []
    assert re.findall(r"@import|url\(", html) == []
    assert re.findall(r"\bon[a-z]+=\"|\bstyle=\"", html) == []
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|localStorage", html) == []
    assert len(html.encode()) < 64_000
    assert Path(playground.__file__).with_name("index.html").is_file()
