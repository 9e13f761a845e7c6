"""Takes docs/playground.png of a running server: `python docs/screenshot.py http://127.0.0.1:8000 medical`.

The adapters named after the address are asked beside the base model. Needs Chromium and its driver, and a server that
asks users for no key; where DOMAINTUNE_ADMIN_KEY is set, the picture shows the versions, too.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import time
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

PICTURE = Path(__file__).with_name("playground.png")
QUESTION = (
    "Derive the impression from the findings: The heart is normal in size. There is a small left pleural effusion "
    "with adjacent atelectasis. No pneumothorax is seen."
)
WIDTH, HEIGHT = 1280, 900


def main(address: str, adapters: list[str]) -> None:
    """Ask one question of the base model and of the adapters, and keep what the page shows."""
    browser = _browser()
    try:
        browser.get(address)
        WebDriverWait(browser, 20).until(lambda _: browser.find_elements(By.CSS_SELECTOR, "#model-0 option"))
        _administer(browser, os.environ.get("DOMAINTUNE_ADMIN_KEY"))
        for place, name in enumerate(adapters, 1):
            Select(browser.find_element(By.ID, f"model-{place}")).select_by_value(name)
        browser.execute_script("document.getElementById('max-tokens').value = 64")
        browser.find_element(By.ID, "prompt").send_keys(os.environ.get("QUESTION", QUESTION), Keys.CONTROL, Keys.ENTER)
        running = '.turn[aria-busy="true"]'
        WebDriverWait(browser, 10).until(lambda _: browser.find_elements(By.CSS_SELECTOR, running))
        WebDriverWait(browser, 300).until(lambda _: not browser.find_elements(By.CSS_SELECTOR, running))
        browser.execute_script("document.activeElement.blur(); scrollTo(0, 0)")
        time.sleep(0.5)
        _save(browser.get_screenshot_as_png())
    finally:
        browser.quit()


def _browser() -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in ("--headless=new", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-sandbox"):
        options.add_argument(argument)
    made = webdriver.Chrome(options, webdriver.ChromeService(executable_path=shutil.which("chromedriver")))
    size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    made.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    return made


def _administer(browser: webdriver.Chrome, key: str | None) -> None:
    if key is None:
        return
    browser.find_element(By.CSS_SELECTOR, "#admin summary").send_keys(Keys.ENTER)
    browser.find_element(By.ID, "admin-key").send_keys(key, Keys.ENTER)
    WebDriverWait(browser, 20).until(lambda _: browser.find_elements(By.CSS_SELECTOR, "#versions li"))


def _save(png: bytes) -> None:
    """Keep 256 colours: a page has few, and the file is a third."""
    Image.open(io.BytesIO(png)).convert("RGB").quantize(256).save(PICTURE, optimize=True)
    sys.stdout.write(f"{PICTURE.name}: {PICTURE.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:4])
