"""A coupon in the shop: staff scan its QR, see what it is, and take it in two taps; a customer is told to show it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from aiohttp import web

from bot.pages.answer import page as customer_page
from bot.pages.rep import RepPages, to
from bot.pages.rep_coupon_views import RepCouponFindView, RepCouponView
from bot.pages.rep_door import Form
from bot.pages.rep_look import page
from bot.pages.rep_reading import Reading
from bot.pages.views import ShowCouponView
from referral import coupons
from referral.coupons import Coupon, Standing
from referral.rewards import Reward
from referral.times import SHANGHAI, chinese_day

HOME = "/rep/coupon"
SHOP_COOKIE = "rep_shop"
LONGEST_SHOP = 30  # characters
_LONGEST_TYPED = 200  # characters: a code of 64 with spaces between
_REMEMBERED_S = 180 * 86_400
_TOKEN = re.compile(r"[0-9a-z]{26}")
_MISSING = "没有这张券，请核对一下。"
_SEVERAL = "这个券码对得上好几张券，请扫客户页面上的二维码。"
_REFUSED = {
    Standing.EXPIRED: "这张券已经过期，不能再用了。",
    Standing.VOID: "这张券已经作废：订单退款，或者由同事撤回了。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RepCoupons:
    """The addresses below `/rep/coupon`."""

    pages: RepPages

    def routes(self) -> list[web.RouteDef]:
        """The page behind a QR, and the one for a code that is typed."""
        return [
            web.get(HOME, self.find),
            web.get(f"{HOME}/{{token}}", self.show),
            web.post(f"{HOME}/{{token}}", self.act),
        ]

    async def find(self, request: web.Request) -> web.StreamResponse:
        """A coupon by its code."""
        asked = " ".join(request.query.get("code", "")[:_LONGEST_TYPED].split())

        def unit(reading: Reading) -> web.StreamResponse:
            found = coupons.typed(reading.tx, asked) if asked else []
            if len(found) == 1:
                return to(f"{HOME}/{found[0].token}")
            problem = (_SEVERAL if found else _MISSING) if asked else ""
            shown = asked if asked.isprintable() else ""
            return page(RepCouponFindView(company=self.pages.facts.company, asked=shown, problem=problem))

        return await self.pages.read(request, unit)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """What it is and whether it is good; in a customer's own browser only that staff should see it."""
        if self.pages.door.name_in(request) is None and not _is_staffs(request):
            staff_url = f"{request.path}?enter=1"
            return customer_page(ShowCouponView(company=self.pages.facts.company, staff_url=staff_url))
        shop = unquote(request.cookies.get(SHOP_COOKIE, ""))[:LONGEST_SHOP]
        just_now = request.query.get("told") == "used"

        def unit(reading: Reading) -> web.Response:
            found = _found(reading, request)
            return page(self._view(reading, *found, shop=shop, just_now=just_now)) if found else self._missing()

        return await self.pages.read(request, unit)

    async def act(self, request: web.Request) -> web.StreamResponse:
        """First 核销, then 确认核销; a coupon that was taken meanwhile says so."""
        return await self.pages.write(request, lambda reading, form: self._act(reading, form, request))

    def _act(self, reading: Reading, form: Form, request: web.Request) -> web.StreamResponse:
        found = _found(reading, request)
        if found is None:
            return self._missing()
        shop, act = " ".join(_one(form, "shop").split())[:LONGEST_SHOP], _one(form, "act")
        if not shop or not shop.isprintable():
            return page(self._view(reading, *found, shop="", problem="请写明是哪家门店。"))
        if act != "use":
            return _remembering(page(self._view(reading, *found, shop=shop, sure=True)), shop, request)
        by, rng = f"rep:{reading.rep.id}", self.pages.rng
        used = coupons.use(reading.tx, *found, by=by, shop=shop, now=reading.now, rng=rng)
        return to(f"{request.path}?told=used" if used else request.path)

    def _view(
        self,
        reading: Reading,
        coupon: Coupon,
        reward: Reward,
        *,
        shop: str,
        sure: bool = False,
        problem: str = "",
        just_now: bool = False,
    ) -> RepCouponView:
        stands = coupons.standing(coupon, reward, reading.now)
        person = reading.tx.people.get(reward.person)
        good, used = stands is Standing.GOOD, _used(reading, coupon)
        return RepCouponView(
            company=self.pages.facts.company,
            what=self.pages.facts.words.thanks(reward.form),
            whose=person.nickname if person else "",
            code=coupon.code,
            until=f"{chinese_day(reward.expires_at, reading.now)}前有效" if good and reward.expires_at else "",
            path=f"{HOME}/{coupon.token}",
            step=("sure" if sure else "ask") if good else "",
            shop=shop,
            problem=problem or _REFUSED.get(stands, "") or (f"这张券用过了：{used}。" if used and not just_now else ""),
            told=f"核销好了：{used}。" if used and just_now else "",
        )

    def _missing(self) -> web.Response:
        return self.pages.door.refuse("没有这张券", "请核对一下，或者请客户在自己的页面里重新打开。", status=404)


def _used(reading: Reading, coupon: Coupon) -> str:
    """When, where and by whom it was used; empty where it was not."""
    if coupon.used_at is None:
        return ""
    at, by = coupon.used_at.astimezone(SHANGHAI), (coupon.used_by or "").removeprefix("rep:")
    rep = reading.tx.reps.get(by)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}在{coupon.shop}由{rep.name if rep else by}核销"


def _found(reading: Reading, request: web.Request) -> tuple[Coupon, Reward] | None:
    token = request.match_info["token"]
    coupon = reading.tx.coupons.of_token(token) if _TOKEN.fullmatch(token) else None
    reward = reading.tx.rewards.get(coupon.reward) if coupon and coupon.reward else None
    return (coupon, reward) if coupon and reward else None


def _is_staffs(request: web.Request) -> bool:
    """Whether it was opened inside WeCom, or by somebody who says to be staff: both are sent to the login."""
    return "wxwork" in request.headers.get("User-Agent", "").lower() or "enter" in request.query


def _remembering(answer: web.Response, shop: str, request: web.Request) -> web.Response:
    """The browser remembers its shop, so that it is typed once."""
    answer.set_cookie(
        SHOP_COOKIE,
        quote(shop),
        max_age=_REMEMBERED_S,
        path=HOME,
        httponly=True,
        samesite="Lax",
        secure=request.secure,
    )
    return answer


def _one(form: Form, name: str) -> str:
    return form.get(name, [""])[0]
