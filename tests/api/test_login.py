"""Signing in and out over HTTP."""

from tests.support.web import USER, Web


async def test_signing_in_sets_both_cookies_and_says_who_it_is(web: Web) -> None:
    browser = web.client()
    answer = await browser.sign_in()
    assert answer.status_code == 200
    assert answer.json() == {"message": "Logged in", "user": USER, "mustChange": False, "notices": []}
    cookies = answer.headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("session="))
    csrf = next(cookie for cookie in cookies if cookie.startswith("csrf_token="))
    assert "HttpOnly" in session
    assert "SameSite=lax" in session
    assert "HttpOnly" not in csrf
    assert (await browser.get("/api/me")).json() == {"user": USER, "mustChange": False}
