"""What `why` found, in lines for a reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.cli.states import state_words
from bot.suspecting import likelihood

NO_CAMPAIGN = "现在没有进行中的活动，所以谁也不会问：下面是有活动时的判断"

_LEVELS = {
    "prepared": "备好海报",
    "declared": "说过已转给朋友",
    "sent_for": "请同事代转",
    "seen": "有人打开",
    "added": "朋友加了顾问",
    "bought": "朋友成交",
}
_STATUS = {
    "pending": "等朋友成交",
    "unmatched": "还对不上人",
    "credited": "已归属",
    "rejected": "未通过",
    "reversed": "已收回",
}
_OUTCOMES = {
    "held": "已归属",
    "credited": "已归属，没有谢礼",
    "unmatched": "还对不上人",
    "no_referral": "不是朋友介绍来的",
    "rejected": "未通过",
}
_DECISIONS = {"send": "现在可以问", "defer": "现在先不问", "drop": "现在不问"}
_CHANNELS = {"kf": "客服", "official": "公众号", "rep": "顾问"}
_GATES = {"experience": "产品体验", "recognition": "社交认同", "tool": "工具易用", "interaction": "持续互动"}
_ACTIONS = {
    "repair": "先把事情处理好",
    "recognise": "先谢谢对方",
    "easier": "先给一张更好用的图",
    "care": "先问候关心",
    "wait": "先等一等",
}
_NUDGES = {"listed": "在名单上", "queued": "等着发出", "sent": "已发出", "ended": "没有发出"}
_MISSING = {
    "conversion": "朋友本人的转化",
    "identity": "对上是哪一位",
    "hold": "确认期满",
    "choice": "本人选择谢礼",
    "approval": "第二人核准",
    "review": "同事核对",
    "delivery": "发放",
    "claim": "同事确认介绍人",
}
_CHANGES = {
    "conversion": "转化都算",
    "refund": "退款会收回",
    "late_claim": "可以补报",
    "expiry": "有效",
}
_SIDES = {"advocate": "介绍人", "friend": "朋友"}


def sentences(found: dict[str, Any]) -> Iterator[str]:
    """One line for each thing; codes of reasons in brackets, so that they can be looked up."""
    if "reward" in found:
        yield _reward(found["reward"])
    elif "order" in found:
        yield from _order(found)
    else:
        yield from _person(found)


def _order(found: dict[str, Any]) -> Iterator[str]:
    order = found["order"]
    outcome = _OUTCOMES.get(found["outcome"], found["outcome"])
    yield f"订单 {order['source']}/{order['order_no']}，{order['amount_fen'] / 100:.2f} 元：{outcome}"
    yield from (f"  {_reason(reason)}" for reason in found["reasons"])
    if found["referral"]:
        yield f"  {_referral(found['referral'])}"
    yield from (f"  {_reward(reward)}" for reward in found["rewards"])


def _person(found: dict[str, Any]) -> Iterator[str]:
    person = found["person"]
    names = (person["id"], person["crm_id"], person["external_userid"])
    yield f"客户 {' · '.join(name for name in names if name)}"
    for share in found["shares"]:
        yield f"  {share['first_at']} {_LEVELS[share['level']]}（{share['code']}）"
    yield from (f"  {_referral(referral)}" for referral in found["referrals"])
    yield from (f"  {_reward(reward)}" for reward in found["rewards"])
    yield from (f"  {line}" for line in _nudge(found["nudge"]))
    yield from (f"  {_appeal(appeal)}" for appeal in found["appeals"])


def _nudge(nudge: dict[str, Any]) -> Iterator[str]:
    """What the plan would do, why, what speaks against it, when that may change, and what was asked last."""
    channel = f"，由{_CHANNELS[nudge['channel']]}" if nudge["channel"] in _CHANNELS else ""
    told = "" if nudge["decision"] == "send" else f"：{_reasons(nudge['why'])}"
    yield f"{_DECISIONS[nudge['decision']]}{channel}{told}"
    speaks_for = nudge["for"] or (nudge["why"] if nudge["decision"] == "send" else [])
    if speaks_for:
        yield f"合适：{_reasons(speaks_for)}"
    if nudge["against"]:
        yield f"不合适：{_reasons(nudge['against'])}"
    if all(each["code"] != "rotation" for each in nudge["for"]):  # else there is no score of their own
        yield f"时机分 {100 * nudge['score']:.0f}（0 到 100，越高越值得先问；模型第 {nudge['model']} 版）"
    if nudge["gate"]:
        yield f"卡在：{_GATES[nudge['gate']]}，{_ACTIONS[nudge['action']]}"
    if nudge["not_before"]:
        yield f"最早：{_when(nudge['not_before'])}"
    yield f"怎样会变：{nudge['change']['text']}"
    yield _last(nudge["last"])


def _last(last: dict[str, Any] | None) -> str:
    if last is None:
        return "还没有问过"
    what = "征询" if last["purpose"] == "consent" else "请对方推荐"
    times = (f"{_when(last['delivered_at'])} 送达" if last["delivered_at"] else "", last["came"].rstrip("。"))
    told = "".join(f"，{each}" for each in times if each)
    at = _when(last["sent_at"] or last["planned_at"])
    return f"上一次：{at} {what}，由{_CHANNELS[last['channel']]}，{_NUDGES[last['state']]}{told}"


def _when(at: str) -> str:
    """A time as people read it: `2026-11-24 10:00`."""
    return at[:16].replace("T", " ")


def _reasons(reasons: list[dict[str, str]]) -> str:
    return "；".join(map(_reason, reasons))


def _referral(referral: dict[str, Any]) -> str:
    pair = f"{referral['advocate']} → {referral['friend']}"
    told = f"推荐 {referral['id']}，{pair}，{_STATUS[referral['status']]}：{_reason(referral['reason'])}"
    return told + _open_ends(referral["explained"]) + _suspicion(referral["suspicion"])


def _reward(reward: dict[str, Any]) -> str:
    what = f"{_SIDES[reward['side']]} {reward['what']}"
    told = f"谢礼 {reward['id']}，{what}，{state_words()[reward['state']]}：{_reason(reward['reason'])}"
    return told + _open_ends(reward["explained"]) + _suspicion(reward["suspicion"])


def _open_ends(explained: dict[str, Any]) -> str:
    """What is missing, and what can still change it until when."""
    missing = "、".join(_MISSING[each] for each in explained["missing"])
    change = f"{explained['until']} 前{_CHANGES[explained['change']]}" if explained["until"] else ""
    return "".join(f"；{each}" for each in (f"还差{missing}" if missing else "", change) if each)


def _suspicion(found: dict[str, Any] | None) -> str:
    """What speaks for it being made up, and what a person made of it."""
    if found is None:
        return ""
    evidence = f"（{_reasons(found['evidence'])}）" if found["evidence"] else ""
    decided = f"；{found['decided_by']} 核对过：{found['note']}" if found["decided_by"] else ""
    return f"；不实的可能 {likelihood(found['chance'])}{evidence}{decided}"


def _appeal(appeal: dict[str, Any]) -> str:
    about = appeal["reason"]["text"] if appeal["reason"] else "推荐的事"
    answered = f"{appeal['answered_at']} 答复：{appeal['answer']}" if appeal["answered_at"] else "等同事答复"
    return f"申诉 {appeal['id']}，{appeal['at']}，{about}：{answered}"


def _reason(reason: dict[str, str]) -> str:
    return f"{reason['text']}（{reason['code']}）"
