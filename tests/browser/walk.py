"""The way of a new shop through the pages, one method a step. What it types is what the other sides' pages show."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

PASSWORD = "blue-lantern-42"
WAIT_MS = 60_000


class Walk:
    """`shoot` is told after each step what is to be seen, for whoever keeps pictures."""

    def __init__(self, page: Page, site: str, *, shoot: Callable[[str], None] = lambda name: None) -> None:
        self.page, self.site, self.shoot = page, site, shoot

    def press(self, what: str = "form button.btn-primary") -> None:
        self.page.locator(f"main {what}").first.click()

    def make_first_account(self, code: str) -> None:
        page = self.page
        page.goto(f"{self.site}/")
        page.fill("[name=code]", code)
        page.fill("[name=username]", "zhanggui")
        page.fill("[name=display_name]", "掌柜")
        page.fill("[name=password]", PASSWORD)
        page.fill("[name=again]", PASSWORD)
        self.shoot("1-account")
        self.press()
        page.wait_for_url("**/start/")
        self.shoot("2-steps")

    def take_step(self) -> None:
        """The step that is shown as the next one."""
        self.page.locator("li.is-now a.btn-primary").click()

    def open_shop(self, name: str, platform: str, external_id: str) -> None:
        self.take_step()
        self.page.fill("[name=name]", name)
        self.page.select_option("[name=platform]", platform)
        self.page.fill("[name=external_id]", external_id)
        self.press()
        expect(self.page.locator("li.is-now")).to_be_visible()

    def add_colleague(self, username: str, name: str) -> str:
        """Their link."""
        self.take_step()
        self.page.fill("[name=display_name]", name)
        self.page.fill("[name=username]", username)
        self.press()
        link = self.page.locator("#way-in").inner_text().strip()
        self.shoot("3-invitation")
        self.page.locator("main a.btn").last.click()
        return link

    def put_off(self) -> None:
        self.page.locator("li.is-now form[action*='/skip/'] button").click()

    def add_courier(self, courier: str, secrets: dict[str, Any]) -> str:
        """Its push address, once the connection was tested."""
        page = self.page
        self.take_step()
        page.select_option("[name=courier]", courier)
        self.press()
        page.fill("[name=customer_code]", "C-001")
        page.check("[name=has_ewaybill]")
        self.fill_secrets(secrets)
        self.press()
        self.test_connection()
        self.shoot("4-courier")
        return page.locator("#push-address").inner_text().strip()

    def add_platform(self, platform: str, app_key: str, secrets: dict[str, Any]) -> str:
        page = self.page
        self.take_step()
        page.select_option("[name=platform]", platform)
        self.press()
        page.fill("[name=app_key]", app_key)
        self.fill_secrets(secrets)
        self.press()
        self.test_connection()
        return page.locator("#push-address").inner_text().strip()

    def fill_secrets(self, secrets: dict[str, Any]) -> None:
        for name, value in secrets.items():
            box = self.page.locator(f"[name='secret-{name}']")
            if box.count() == 0:
                continue
            if box.evaluate("box => box.tagName") == "SELECT":
                box.select_option("" if value == "HMAC_SHA256" else str(value))
            else:
                box.fill(str(value))

    def test_connection(self) -> None:
        self.page.locator("#connection button.btn-primary").click()
        expect(self.page.locator("#connection .chip.done")).to_be_visible(timeout=WAIT_MS)

    def go_on(self) -> None:
        """From an account to the next step."""
        self.page.locator("main a.btn[href^='/start/']").first.click()

    def sign(self) -> None:
        self.take_step()
        self.press("form[action*='/agreement/sign/'] button")
        expect(self.page.locator("li.is-now")).to_be_visible()

    def fetch_orders(self) -> None:
        self.page.locator("li.is-now form[action*='/pull/'] button").click()

    def wait_for_orders(self) -> None:
        for _try in range(60):
            if self.page.locator("li.is-now h2", has_text="第一个").count():
                break
            self.page.wait_for_timeout(1000)
            self.page.reload()
        self.shoot("5-orders")
