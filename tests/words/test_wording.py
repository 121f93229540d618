"""Every rule of the linter, by example: what must be stopped and what must be let through."""

from __future__ import annotations

from pathlib import Path

import pytest

from referral.wording import lint

NORMAL_LINES = (Path(__file__).parent / "normal_lines.txt").read_text(encoding="utf-8").splitlines()

SHARING_FAILS = """
分享得红包
分享到朋友圈得红包
转发有礼，先到先得
转发此海报到朋友圈即可领取优惠券
分享给3个好友，免费领一个月会员
分 享 得 红 包
分-享-得-红-包
分享　领　取　积分
ｆ转发领话费
把链接转发到群里，领20元代金券
转發有禮
发朋友圈截图给客服，送小礼品
晒朋友圈，送积分
想要红包？点右上角分享
优惠券等你拿，分享给好友即可
分享后即可查看全文
转发后才能领取资料
不分享就不能继续观看
邀请3位好友即可解锁
邀请好友助力，免费拿
帮我助力一下
好友助力，一起抢
再邀请1人就能领取
还差2人，快来帮忙
帮我砍一刀
砍价0元拿
集赞20个换礼品
集齐5张福卡兑奖
每日签到领积分
关注后领取大礼包
关注公众号送红包
进群领红包
邀请好友得30元
每推荐一人奖励10元
推荐朋友就送积分
不转不是中国人
转疯了！所有人都在看
是朋友就转
多分享一次，多一次抽奖机会
请转发到朋友圈
记得分享给身边的朋友
快分享给更多人
欢迎转发
一键转发，福利不断
动动手指转发一下
🧧 转发就有 🧧
转发抽奖，送三台手机
分享立减10元
分享朋友圈！领红包！
""".strip().splitlines()

SHARING_PASSES = """
谢谢您的分享
感谢您愿意跟我们分享使用感受
欢迎分享您的使用体验
可以把使用心得分享给我们吗
我把操作说明转发给您
活动规则我分享给您，您得空看看
谢礼只看朋友自己的订单，与是否转发无关
您转不转发都不影响
朋友首单后，您和朋友各得30天会员
朋友开通会员，你们各得一个月
带一位朋友来，各送一份甜品
推荐的朋友成交后，您得一张到店咖啡券
朋友到店消费后，双方各得一份甜品
邀请一位朋友开通会员，各得一个月
老师分享了一个做题方法，孩子学得很快
昨天的分享会讲得很好
麻烦您把订单截图发给我
请把定位分享给顾问
助力企业成长
助力孩子学习
我们明码实价，不用砍价
关注您的反馈
请关注后续通知
加了顾问不下单也没关系
会议签到在一楼
把您的旅途故事写给我们，故事好坏都欢迎，与是否转发无关
麻烦转发给我看一下
她分享的食谱我试了，做得很成功
首单过了退款期，送你30天会员
请勿转发给他人
""".strip().splitlines()

FEED_FAILS = """
首单送30天会员
朋友下单，各得一个月
一起多一个月会员
现在开通立减20元
满100减20
新客8折
打七折
扫码领取优惠券
只要99元
¥19.9 起
十块钱一杯
送您一份小礼品
参与抽奖
谢礼以订单为准
邀请码 3F9K2A7B
口令：桃花朵朵
3F9K-2A7B
长按识别，领福利
免费送一次保养
返现10元
攒积分换好礼
限时特价
老客户介绍有奖励
欢迎转发
分享给朋友看看
积分双倍
""".strip().splitlines()

FEED_PASSES = """
老朋友推荐 · 规则见页内
我用青禾生活两年多了，介绍都在图里
有想了解的，随时来聊
青禾生活会员，顾问在线，问清楚了再决定
周末去店里坐了坐，安静
他们家的顾问回消息很快
想了解的可以问我
早一点了解，早一点安心
门店在人民路，十点开门
图里是他们家的介绍，感兴趣的慢慢看
做这行十二年了，手艺人
广告 · 青禾生活
新店开在二楼，电梯出来左转
周一店休
给妈妈挑了一份生日礼物
孩子在这里学画三年
用了两年的锅还很好用
提前一天预约就行
顾问姓林，说话慢，讲得清楚
今天的课讲的是早餐
车停在后院，有二十个位子
这家的面汤是现熬的
""".strip().splitlines()

PYRAMID_FAILS = """
诚招代理，一件代发
做代理，月入过万
成为一级代理
总代理招募中
发展下线，层层返利
您的下线消费您提成
下线越多收入越高
团队奖最高五千
团队计酬，多劳多得
二级分销，轻松赚
三级返佣
躺赚不是梦
躺着赚钱的机会
睡后收入了解一下
拉人头，每人50
先交99元获得推荐资格
购买礼包即可成为推广员
朋友的朋友下单，您也得奖励
好友再推荐，您还有提成
好友以后每单您都有返佣
终身提成
直推奖20%，间推奖10%
上下线关系永久绑定
日入过千，零投资
裂变提成高达30%
级差奖制度
""".strip().splitlines()

PYRAMID_PASSES = """
旧款产品已经下线
活动明天下线
系统下线维护两小时
代理记账请找财务
请配置代理服务器
他的代理律师会联系您
我们不设代理，也没有下线
只谢直接介绍的那一位，没有第二层
推荐不用交费，也不用先买什么
服务团队由五位顾问组成
我们团队周末也在
团队去团建了，周一回来
一位朋友一次活动只谢一次
朋友的朋友来了也欢迎
您的朋友问了保养的事
上线新功能：预约改期
新课程今天上线
她是部门的上级
您可以随时介绍朋友来坐坐
警惕拉人头的骗局
躺着看书对眼睛不好
升级到高级会员需要满一年
轻松入门的瑜伽课
分级阅读书单
线上线下同价
""".strip().splitlines()

ABSOLUTE_FAILS = """
全网最低价
国家级品质
行业第一
销量第一
全国第一家会员店
第一品牌
最好的选择
最佳口碑
质量最好！
最优惠的价格
最先进的设备
最高级的享受
最具性价比
最受欢迎的课程
唯一的正品渠道
全市唯一
顶级食材
世界级大师
100%有效
百分之百满意
100％ 正品
永久有效
终身免费
永久会员
稳赚不赔
零风险
保本保息
绝对安全
绝对有效
史无前例的优惠
独一无二的配方
无人能及
领导品牌
NO.1 的选择
TOP1
驰名商标
根治脱发
万能神药
全球首发
家长首选
最 佳 选 择
最-优-质
宇宙级体验
确保升值
""".strip().splitlines()

ABSOLUTE_PASSES = """
最近天气转凉，注意保暖
每人最多领两份
活动最后一天
最后一次接触为准
第一次来可以先看看
第一天上午十点开门
第一步，打开小程序
孩子第一名的成绩让人高兴
安全第一，慢慢来
唯一标识不会变
这是唯一需要您做的
订单编号是唯一的编号
最新的菜单发您
最早周三能到
最晚九点关门
您最好提前一天预约
周末人多，最好早点来
这样最好
最好的朋友一起来
最喜欢您家的汤
最担心的是尺寸
最高气温三十度
最低消费没有要求
100%棉，可以机洗
电量充到100%再拔
手机号已永久删除
永久地址不变
国家级非物质文化遗产传承人
不是万能的，有问题随时问
我第一时间回您
最近一次体检是什么时候
最终以实物为准
最初的想法很简单
最大限度地保留原味
我绝对支持您
没有最好，只有更适合
本产品不保证收益，非保本
充值卡永久封存
""".strip().splitlines()

REVIEW_FAILS = """
好评返现5元
五星好评送红包
点赞有礼
投票有礼
集赞换礼
晒图返现
写好评领券
给个五星好评，送您10元
打满分送小礼物
追评得积分
帮我投一票
求点赞
帮忙点个赞
评价有奖
好评截图找客服领红包
删除差评补20元
改好评退5元
刷单兼职
刷好评
点赞满30个免单
10分好评得咖啡券
留个好评，返5元红包
""".strip().splitlines()

REVIEW_PASSES = """
谢谢您的好评
您的五星好评我们看到了，很受鼓励
不论好坏，欢迎写下您的评价
评价好坏都欢迎，与谢礼无关
投票结果下周公布
您给我们打几分
请给这次服务打个分
满分十分，您打几分
点赞了您的留言
这道题得了满分
评价送到了店长那里
我们不刷单
谢绝刷好评
收到了一封表扬信
您的差评我们改了
客户评价在第二页
请对顾问的服务作评价
孩子得了五星奖章
好评如潮的老店
他的评价很中肯
""".strip().splitlines()

MIXED_FAILS = """
分享本页给微信好友，双方都能拿到50积分
把海报发到三个群，截图领奶茶
转发集赞满38个，免费吃火锅
发圈打卡领好礼
转发+关注，抽iPhone
只要转给一个朋友，就送你10元话费
分享海报，佣金拿不停
每分享一次得5元
朋友点开您的链接，您就得1元
分享越多，奖励越多
扫码分享，红包立减
分享成功后自动发放优惠券
转发到朋友圈可解锁完整版
点击分享继续观看
拉3个新用户送月卡
邀好友，领红包
邀请有奖，每人20元
邀请越多奖励越多
组队助力赢大奖
请好友帮忙助力
加微信领红包
先关注再领取
关注即送话费
签到有礼
集卡赢大奖
一键分享朋友圈
赶快告诉身边的朋友吧，分享有惊喜
分享朋友圈免单
求扩散
老铁们帮忙转转，有红包
转发朋友圈保留24小时，凭截图到店领取
点右上角发送给朋友
分｜享｜有｜礼
转&发&有&礼
fen享得红包
招募城市代理
全民代理计划
下级消费你拿提成
邀请的好友再邀请好友，你也有奖励
三级分销系统
无限级返利
推荐奖、管理奖、团队奖
躺平也能赚
人头奖励50元
月入5万不是梦
一人加入全家受益，发展会员拿奖金
充值1000元即可获得推广资格
全网销量第一
中国第一
业内领先第一人
最专业的团队
最顶尖的服务
史上最强
最便宜
全城最低
全球领先技术
最完美的体验
效果最好
首屈一指
100%纯天然
百分百有效
永不反弹
永久免费使用
绝无副作用
顶级配置
极致体验
独家秘方，药到病除
国家领导人推荐
收益稳定，保本保收益
投资零风险，高回报
万无一失
五星好评返5元
写评价送红包
晒单有礼
好评有礼
给好评送小礼品
收藏加购点赞送券
朋友圈点赞领优惠
凭好评截图领取红包
帮忙投票，投完领红包
投票送积分
评论区留言好评抽免单
买车险送油卡
投保送加油卡
买保险送礼品
保费八折
推荐客户投保，给您返点
介绍病人给200元
保证考上
保录取
把海报晒到朋友圈，凭截图换咖啡
转发本条信息到微信群，奖励20积分
叫上好友一起助力
邀请5人即享免单
满5个好友解锁大奖
拼人头送会员
分享裂变赚佣金
成为合伙人，发展团队拿提成
您推荐的人再推荐，您还拿10%
业内顶尖
全市最好的火锅
本地第一家持证机构，行业第一
效果百分之百
史上最低折扣
祛斑立竿见影
稳赚不赔的生意
点赞送咖啡
评论送礼
五星好评立减
投保即返现
下载并分享，得优惠券一张
一键转发领取
发到群里就给红包
""".strip().splitlines()

SECTOR_FAILS = [
    (None, "投保返佣"),
    (None, "买保险返现金"),
    (None, "保单成交返点20%"),
    (None, "返还保费"),
    (None, "首期保费打八折"),
    (None, "介绍患者来有提成"),
    (None, "荐股群，扫码进"),
    (None, "信用卡套现"),
    (None, "包过班"),
    (None, "保过，不过全额退"),
    (None, "征信修复"),
    ("insurance", "介绍朋友投保，送购物卡"),
    ("insurance", "各得30天会员"),
    ("insurance", "预期收益4.5%"),
    ("medical", "介绍朋友来做项目，返现200"),
    ("medical", "术前术后对比"),
    ("medical", "疗效显著，治愈率高"),
    ("medical", "患者都说效果好"),
    ("loans", "介绍朋友贷款，送话费"),
    ("loans", "日息低至万分之二"),
    ("securities", "年化8%"),
    ("securities", "开户送红包"),
    ("k12", "暑期培优班报名"),
    ("k12", "朋友报名各得积分"),
    ("education", "通过率98%"),
    ("training", "学员小李考上了名校"),
    ("property", "坐等升值，投资回报高"),
    ("property", "十分钟直达地铁"),
    ("bank", "年化3.2%的理财产品"),
    ("bank", "推荐成功返现200元"),
]

SECTOR_PASSES = [
    (None, "保险柜送货上门"),
    (None, "这份保单我帮您看一下"),
    (None, "患者请走一楼"),
    (None, "朋友首单后，各得30天会员"),
    (None, "我们不参与任何返佣"),
    (None, "谨防套现骗局"),
    (None, "课程介绍在下面"),
    ("insurance", "谢谢您介绍朋友认识我们"),
    ("insurance", "不送礼品，也不返任何费用"),
    ("insurance", "理赔材料我陪您准备"),
    ("insurance", "保单的现金价值在第三页"),
    ("medical", "门诊时间周一到周六"),
    ("medical", "疗效因人而异，请听医生的"),
    ("medical", "挂号请带身份证"),
    ("loans", "还款日提醒您一下"),
    ("securities", "投资有风险，请谨慎"),
    ("k12", "本周家长会改到周五"),
    ("education", "课程每周两次，小班教学"),
    ("education", "朋友报名试听后，双方各得学费抵扣"),
    ("training", "老师有八年教龄"),
    ("property", "三房两卫，南北通透"),
    ("property", "看房请提前预约"),
    ("bank", "贵宾厅可以停车两小时"),
    ("bank", "顾问邀请您来坐坐"),
]


@pytest.mark.parametrize("text", SHARING_FAILS)
def test_rewarding_requiring_or_calling_for_sharing_is_stopped(text: str):
    assert {"R1", "R12"} & _rules(text)


@pytest.mark.parametrize("text", SHARING_PASSES)
@pytest.mark.parametrize("edition", ["friend", "chat"])
def test_thanks_for_a_purchase_and_ordinary_talk_about_sharing_pass(text: str, edition):
    assert lint(text, edition=edition) == []


@pytest.mark.parametrize("text", FEED_FAILS)
def test_a_feed_carries_no_reward_no_amount_no_code_and_no_call_to_share(text: str):
    assert "R1" in _rules(text, edition="feed")


@pytest.mark.parametrize("text", FEED_PASSES)
def test_plain_service_words_pass_in_a_feed(text: str):
    assert lint(text, edition="feed") == []


@pytest.mark.parametrize("text", PYRAMID_FAILS)
@pytest.mark.parametrize("edition", ["feed", "friend", "chat"])
def test_words_of_pyramid_selling_are_stopped_everywhere(text: str, edition):
    assert "R3" in _rules(text, edition=edition)


@pytest.mark.parametrize("text", PYRAMID_PASSES)
def test_words_that_only_sound_like_pyramid_selling_pass(text: str):
    assert lint(text) == []


@pytest.mark.parametrize("text", ABSOLUTE_FAILS)
@pytest.mark.parametrize("edition", ["feed", "friend", "chat"])
def test_absolute_words_are_stopped_everywhere(text: str, edition):
    assert "R7" in _rules(text, edition=edition)


@pytest.mark.parametrize("text", ABSOLUTE_PASSES)
def test_everyday_superlatives_pass(text: str):
    assert lint(text) == []


@pytest.mark.parametrize("text", REVIEW_FAILS)
def test_buying_reviews_likes_or_votes_is_stopped(text: str):
    assert "R12" in _rules(text)


@pytest.mark.parametrize("text", REVIEW_PASSES)
def test_asking_for_an_honest_opinion_passes(text: str):
    assert lint(text) == []


@pytest.mark.parametrize("text", MIXED_FAILS)
@pytest.mark.parametrize("edition", ["feed", "friend", "chat"])
def test_lines_as_they_are_met_in_the_wild_are_stopped(text: str, edition):
    assert lint(text, edition=edition)


@pytest.mark.parametrize(("industry", "text"), SECTOR_FAILS)
def test_what_a_sector_forbids_is_stopped(industry: str | None, text: str):
    assert "R8" in {finding.rule for finding in lint(text, industry=industry)}


@pytest.mark.parametrize(("industry", "text"), SECTOR_PASSES)
def test_what_a_sector_allows_passes(industry: str | None, text: str):
    assert lint(text, industry=industry) == []


@pytest.mark.parametrize("edition", ["friend", "chat"])
def test_fewer_than_one_in_a_hundred_normal_lines_raises_a_false_alarm(edition):
    alarms = [line for line in NORMAL_LINES if lint(line, edition=edition)]

    assert len(NORMAL_LINES) >= 300
    assert len(alarms) / len(NORMAL_LINES) < 0.01, alarms


@pytest.mark.parametrize(
    "text",
    ["分 享 得 红 包", "分\u200b享得红\ufeff包", "分.享.得.红.包", "分\n享\n得\n红\n包", "分享得🧧", "分　享得紅包"],
)
def test_a_finding_points_at_the_words_as_they_were_written(text: str):
    finding = next(f for f in lint(text) if f.rule == "R1")

    assert text[finding.start : finding.end] == finding.text
    assert finding.text.startswith("分")
    assert finding.text[-1] in "包🧧"


def test_a_finding_says_the_rule_the_place_the_reason_and_what_to_write_instead():
    (finding,) = lint("现在分享得红包")

    assert finding.as_json() == {
        "rule": "R1",
        "from": 2,
        "to": 7,
        "text": "分享得红包",
        "why": finding.why,
        "suggestion": finding.suggestion,
        "source": "微信外部链接内容管理规范 2.1.2，诱导分享",
    }
    assert finding.why
    assert finding.suggestion


def test_several_faults_are_all_reported_in_order():
    rules = [finding.rule for finding in lint("全网最低价，转发有礼，好评返现")]

    assert rules == ["R7", "R1", "R12"]


def test_an_empty_text_has_no_findings():
    assert lint("") == []


def test_a_long_text_is_read_quickly():
    text = "这是一段很长的普通介绍，没有什么特别的地方，" * 4000

    assert lint(text) == []


def _rules(text: str, *, edition="friend") -> set[str]:
    return {finding.rule for finding in lint(text, edition=edition)}


CALLS_TO_SHARE = (
    *("传下去", "看到的朋友传下去", "晒一晒这张图", "发给更多人看见", "让更多朋友知道我们", "朋友圈走一波"),
    *("@三位好友", "多多支持转告亲友", "刷爆朋友圈", "欢迎推荐给身边的人", "奔走相告"),
)


@pytest.mark.parametrize("edition", ["feed", "friend"])
@pytest.mark.parametrize("text", CALLS_TO_SHARE)
def test_a_call_to_share_is_stopped_in_whatever_words(edition, text: str):
    assert "R1" in {finding.rule for finding in lint(text, edition=edition)}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("限时24小时，手慢无", "R7"),
        ("最后3小时", "R7"),
        ("手快有手慢无", "R7"),
        ("赚钱副业", "R3"),
        ("下班顺手赚点外快", "R3"),
    ],
)
def test_hurry_and_income_are_stopped_in_whatever_words(text: str, rule: str):
    assert {finding.rule for finding in lint(text, edition="feed")} == {rule}


@pytest.mark.parametrize(
    "text",
    [
        *("一砍刀", "买一把砍刀", "手艺一代代传下去", "晒一晒被子", "这条通知请转告楼上楼下邻居", "自助餐限时2小时"),
        *("停车限时30分钟", "他有一份兼职", "这家店开了十二年"),
    ],
)
def test_what_only_sounds_like_a_call_or_hurry_passes(text: str):
    assert lint(text, edition="feed") == []
