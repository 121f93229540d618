"""Make the small fonts of `templates/fonts/` from the full ones that Debian packages.

The full fonts are 40 MB and more; a poster needs the characters of fixed copy plus the names people bear. Run this only
to renew the subsets; its output is committed. Every source is checked by SHA-256 before it is read, so that the same
script and fontTools give the same bytes. The rare rest of a name is looked for at run time (`bot/posters/faces.py`).

    apt-get install fonts-noto-cjk fonts-noto-color-emoji
    python scripts/make_fonts.py [--fonts DIR] [--out DIR]
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

import click
from fontTools import subset
from fontTools.ttLib import TTFont

from bot.posters import coverage

SIMPLIFIED_CHINESE = 2  # the face of that number in Noto's collections
SKIN_TONES = range(0x1F3FB, 0x1F400)
NAME_RECORDS = [0, 1, 2, 3, 4, 5, 6, 13, 14]  # copyright and licence stay in the file

# Characters of given names and surnames, and everyday words, that GB2312 and Big5 level 1 both lack.
NAMES = (
    "堃燚㛃喆赟甯犇骉垚璟彧翀祎珺玥旻昕晗晞晟曦暄曈朦柠栩桉桐梓棽楠楹槿樾橦檬欤殊毓沅沁沄沐沛泓泠泽洛洢洺浠浥浩浛涵淏淼"
    "渼湉湘湜溦溪滢漪潇潼澄澍澔濛瀚瀛灏炅炘炜炫烜烨焓焜焱煊煜煦熠燊燏爔牂牧犀玖玘玙玚玟玢玮玹珂珈珏珑珞珣珩珮珲琇琎琛琦琨琬琰琳琼瑀瑄瑅瑆瑗瑛瑜瑞"
    "瑢瑧瑭瑱瑶瑷瑾璁璇璎璐璘璞璠璥璨璿瓒畅畇皓皙皛盼睿瞳砚碁碧祉祐祚祯祺禔禛禤禧秾稷穂竑竣笙筠筱箐箬簃粲绫绮缇缈缊羡羲翊翎翚翛翥聪胤舒芃芊芋芗芮芷芸"
    "苒苓苡苳茉茗茜茵荃荔荞荟莀莜莞莨莹菀菁菡萌萱葳葶蒽蓁蓓蓝蔓蔚蔺蕊蕖蕙蕤薇薏藜蘅虓衎衍袆裎裕褀觅訢詠詹誉谞谧谨豫贇赪跃轩辀辰迤迦逄逸遥邈邝邬邰郄郅郗"
    "郜鄢鄯鄱酃釉钇钊钏钘钜钧钰铄铉铖铠铭铱铷锜锦锴镕镝镡闫闵闶阅阚阡阮陆陌陏雯霁霂霈霏霓霖霙靓靖韬韫韵頔顼颀颉颎颖颜飏飒飖饴馥骁骅骎骐骜骞鸢鸣鸾鹓鹭麒麓麾黛"
    "龑龢囍氽冇咗哋嘅嚟嗰喺啲睇諗佢冚嘢乸奀孖孭揾攞攰瞓罅脷氹嗲囧囡淦鎏喵咩嘤啵呗槑靐龘叒叕嫑勥奣烎兲曌犟旮旯彳亍丄丅仝"
    "镕瞭堯墘塱粦劏邨鳯鰂坉垄垟塆墡奤岬峣崀崟嶒嶓巇廘弇彀徕忞忻怀惇愔慜懋扆抃挼擘攸旸昉昍昶晁晔晙晡晢晳暅暐暕暠暾曌朓杲枟栢栻桄桢桼梣棐棨椳楙榕槃樨橚檞歆殳沨沺泃泂洣洧洨"
    "浉浐涢涴淯淙渟渰湑湲湴溆溍溠溰溵滉滍滘滪漭漷漼潏潢潽澂澴瀔瀍灊炆炟烔烺焌焘焞煃煐煓煜煠熜熳燀燚爟犨猗獬玎玠玥玦珅珌珒珖珙珧珪珰珵珽琈琊琚琤琪琮琯琲琼瑂瑃瑑瑔瑖瑝瑨璈璊璋璒璕璜璟璪璬璮璺"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file of one Debian package; `sha256` is that of the whole file."""

    package: str
    file: str
    sha256: str
    face: int = -1


SANS = Source(
    package="fonts-noto-cjk",
    file="NotoSansCJK-Regular.ttc",
    sha256="b76b0433203017ca80401b2ee0dd69350349871c4b19d504c34dbdd80541690a",
    face=SIMPLIFIED_CHINESE,
)
SERIF = Source(
    package="fonts-noto-cjk",
    file="NotoSerifCJK-Bold.ttc",
    sha256="a5d4b046c127da3d7c72f98b46c41489cd29bf52abfdf18aba920903e920d4ac",
    face=SIMPLIFIED_CHINESE,
)
EMOJI = Source(
    package="fonts-noto-color-emoji",
    file="NotoColorEmoji.ttf",
    sha256="e5899ed38b8ed83e08bd3ac5de09791e9d19d288333a796de1d35ad17396f1ec",
)


def copy_characters() -> set[int]:
    """Code points of GB2312 (6 763 characters and its symbols), Latin, punctuation, kana and full-width forms."""
    blocks = [(0x20, 0x7F), (0xA0, 0x180), (0x2010, 0x2040), (0x3000, 0x3100), (0xFF00, 0xFFF0)]
    latin = {point for start, end in blocks for point in range(start, end)}
    return latin | _decodable("gb2312", range(0xA1, 0xF8)) | {ord(sign) for sign in "€¥№℃™©®"}


def name_characters() -> set[int]:
    """`copy_characters` and what names need besides: Big5 level 1 (traditional) and rare characters of names."""
    return copy_characters() | _decodable("big5", range(0xA4, 0xC7)) | {ord(sign) for sign in NAMES}


def _decodable(encoding: str, leads: range) -> set[int]:
    found: set[int] = set()
    for lead in leads:
        for trail in range(0x40, 0xFF):
            try:
                found.add(ord(bytes([lead, trail]).decode(encoding)))
            except UnicodeDecodeError:
                continue
    return found


@click.command()
@click.option("--fonts", type=click.Path(path_type=Path, exists=True), default=Path("/usr/share/fonts"))
@click.option("--out", type=click.Path(path_type=Path, exists=True), default=Path("templates/fonts"))
def main(fonts: Path, out: Path) -> None:
    """Write sans.otf, serif-bold.otf, emoji.ttf, and the list of what names can be drawn with, into OUT."""
    _cut(_open(SANS, fonts), name_characters(), out / "sans.otf")
    _cut(_open(SERIF, fonts), copy_characters(), out / "serif-bold.otf")
    emoji = _open(EMOJI, fonts)
    _cut(emoji, set(emoji.getBestCmap()) - set(SKIN_TONES), out / "emoji.ttf")
    coverage.write_list((out / "sans.otf", out / "emoji.ttf"), out / coverage.LIST)


def _open(source: Source, fonts: Path) -> TTFont:
    path = next(fonts.rglob(source.file), None)
    if path is None:
        sys.exit(f"{source.file} is not under {fonts}: apt-get install {source.package}")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != source.sha256:
        sys.exit(f"{path} is another version: SHA-256 {found}, expected {source.sha256}")
    return TTFont(path, fontNumber=source.face, recalcTimestamp=False)


def _cut(font: TTFont, characters: set[int], target: Path) -> None:
    options = subset.Options(hinting=False, notdef_outline=True, name_IDs=NAME_RECORDS)
    options.layout_features = ["kern", "liga", "ccmp", "locl", "mark", "mkmk", "calt"]
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE"]
    options.recalc_timestamp = False
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters)
    cutter.subset(font)
    font.save(target)
    size = target.stat().st_size
    click.echo(f"{target.name}: {len(font.getBestCmap())} characters, {size:,} bytes", err=True)


if __name__ == "__main__":
    main()
