"""Personal data in running text: phones however they are written, the names beside them, houses and doors.

One masker for what couriers say of a parcel, for remarks, for logs and for raw messages that are no document. It errs
on the side of hiding: a number that only looks like a phone is hidden too, a date, a waybill and a sum are not.
"""

import logging
import re
from re import Match

# Between the digits of one number people and programs write blanks, dashes, points, slashes, brackets, in both widths.
_GAP = r"[\s\u200b-\u200f\u2060\ufeff\xad\-‐‑‒–—―−－ーˉ.·•・．。_＿~～/／|｜()（）\[\]【】,，、'’\"*]"
_SOFT = "\u200b-\u200f\u2060\ufeff\xad"
# +86, 0086, (86), 86- before a number.
_COUNTRY = rf"(?:[+＋]?{_GAP}{{0,2}}(?:[0０]{_GAP}{{0,2}}){{0,2}}[8８]{_GAP}{{0,2}}[6６]{_GAP}{{0,3}})?"
_EXTENSION = (
    r"(?:\s{0,2}(?:转|轉|分机号?|分機|ext\.?|x|[#＃\-－—~,，;；*])[\s:：]{0,2}(?:分机号?|转)?[\s:：]{0,2}(\d{1,6})(?!\d)"
    r"|\s{0,2}[\[(（【](?:转|分机号?|ext\.?)?[\s:：]{0,2}(\d{2,6})[\])）】])?"
)
_MOBILE = re.compile(rf"(?<!\d){_COUNTRY}([1１](?:{_GAP}{{0,3}}\d){{10}})(?!\d){_EXTENSION}", re.IGNORECASE)
_LANDLINE = re.compile(
    rf"(?<!\d)(?<!\d[.\-/:])(?:{_COUNTRY}(?:[(（\[【]\s?)?[0０]|[+＋0０]{{1,2}}[8８][6６]{_GAP}{{1,2}})"
    r"(?:[1１][0０]|[2２]\d|[3-9３-９]\d{2})(?:\s?[)）\]】])?"
    rf"[\s\-‐‑‒–—―−－.·_/{_SOFT}]{{0,3}}([2-9２-９]\d{{2,3}}[\s\-‐–—－.·]{{0,2}}\d{{4}})(?!\d)(?![.\-/:]\d){_EXTENSION}",
    re.IGNORECASE,
)
# A number that says of itself that it is one, without its area's code.
_LABELLED = re.compile(
    r"((?:电话|電話|手机号?码?|座机|固话|联系方式|联络方式|致电|拨打|mobile|phone|tel|[☎☏📞📱])(?:号码?)?"
    r"[\s\"'“”:：=＝是为\[【(（.]{0,6})"
    r"([2-9２-９]\d{2,3}[\s\-‐–—－]{0,2}\d{4})(?!\d)",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?:19|20)\d\d[-/.年][01]?\d[-/.月][0-3]?\d|\d\d[-/.]\d\d[ T]\d\d[:：]\d\d")
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜丁沈姜范江傅钟卢汪戴崔"
    "任陆廖姚方金邱夏谭韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺严尹钱施牛洪龚汤陶黎温莫易樊乔文安殷颜庄章鲁倪"
    "庞邢俞翟蓝聂齐向申葛柴伍覃骆关焦柳欧祝纪尚毕耿芦左季管符辛苗詹曲欧靳祁路涂兰甘裴梅童翁霍游阮尤岳柯牟滕谷舒卜饶宁凌盛"
    "查单冉鲍华包屈房喻解蒲卫简时连车项闵邬吉党阳司费蒙席晏隋古强穆姬宫景米麦谈柏瞿艾沙鄢桂窦郁缪畅巩卓褚栾戚娄甄郎池丛边岑农苟"
    "迟保商臧佘卞虞刁冷应匡栗仇练楚揭师官佟封燕桑巫敖原植邝仲荆储宗楼干苑寇盖南屠鞠荣井乐银奚明麻雍花闻冼木郜廉衣蔺和冀占公门帅"
    "利满區肖闫代付"
)
_DOUBLE = (
    "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|长孙|夏侯|司徒|端木|南宫|司空|独孤|轩辕|完颜|百里|呼延|澹台|宇文"
)
# Words that begin like a name and are none.
_NO_NAME = (
    r"(?!方式|时间|时候|平台|平安|广场|金额|全国|全程|公司|公里|公寓|明天|明日|应该|和|安排|安全|文件|路上|路口|高速|高效|高新|"
    r"常规|常用|关于|向您|向客|向收|向寄|向派|于今|于明|于\d|万一|江苏|江西|江南|江北|金华|温州|石家|武汉|武昌|宁波|宁夏|安徽|湖|海|南京|"
    r"南昌|南宁|南通|常州|常熟|盐城|泰州|华东|华南|华北|中心|单号|单元|查询|查看|连续|连锁|包裹|包装|时效|保留|保管|保持|商家|商品|商户|"
    r"师傅|官方|门卫|门口|门店|门市|阳台|车站|车库|解决|解释|管理|项目|强制|任何|任务|成功|卫生|封闭|官网|利用|满意|应客|原因|原件|原地|原路|"
    r"原单|农村|农业|盖章|代收|代签|代理|代为|代办|付款|付费|干线|干净|苏宁|顾客|顺丰|中通|圆通|申通|极兔|韵达|申请|申诉|钱款|白天|左右|边防|"
    r"池塘|单位|易碎|易燃|易耗|雷同|龙岗|龙华|龙门|夏天|冷链|冷冻|盛装|文字|文明|文一|简介|简单|简易|严重|严格|景区|童装|马上|石化|左边|"
    r"燕郊|连云|席位|甘肃|贺州|莫名|柳州|桂林|桂花|关闭|关注|关门|白云|康复|谢谢|花园|花费|牛皮|牛仔|乐意|麻烦|谈好|利率|柴油|米色|银行|银联)"
)
# 王某某 is hidden already.
_NAME = rf"{_NO_NAME}(?!.某)(?:(?:{_DOUBLE})[\u4e00-\u9fff]{{1,2}}|[{_SURNAMES}][\u4e00-\u9fff]{{1,2}})"
_PEOPLE = (
    r"派件员|派送员|快递员|业务员|收件员|取件员|揽件员|揽收员|揽投员|投递员|配送员|送货员|收派员|小哥|快递小哥|驾驶员|司机|收件人|"
    r"收货人|寄件人|寄方|发件人|发货人|联系人|签收人|代签人|代收人|提货人|取件人|客户|顾客|买家|姓名|签收者|操作员|客服"
)
# Who may stand where a name stands.
_ROLES = (
    r"本人|家人|门卫|保安|物业|前台|同事|邻居|朋友|家属|亲属|他人|快递柜|代收点|驿站|菜鸟|丰巢|妈妈|兔喜|其他|暂无|未知|自提|超市|便利店|"
    r"收发室|传达室|单位|公司|学校|邮箱|信箱|已|未|正|不|拒|要|请|无|电话|手机|联系|地址"
)
_LABELLED_NAME = re.compile(
    rf"((?:{_PEOPLE})(?:名字?|姓名)?(?:\s{{0,2}}[:：=＝\[【〖(（「“\"']{{1,2}}\s{{0,2}}|\s{{1,3}}|是|为))"
    rf"(?!(?:{_ROLES})|.某)([\u4e00-\u9fff·•]{{2,8}})(?![\u4e00-\u9fff])"
)
# Without a mark between: a name there is one where what follows says that it has ended.
_JOINED_NAME = re.compile(
    rf"((?:{_PEOPLE}))(?!(?:{_ROLES}))({_NAME})"
    rf"(?=正在|为您|将|已|会|派|送|电话|手机|联系|签收|[\s,，。;；:：、!！)）\]】〗\[【(（\d+＋*]|$)"
)
# What may stand between a name and its number, which is masked by then.
_BESIDE = r"[\s,，;；:：、/|\-—_\[【〖(（「)）\]】]{0,4}"
_BEFORE_PHONE = re.compile(
    rf"({_NAME})(?={_BESIDE}(?:(?:先生|女士|小姐|老师|师傅)?{_BESIDE}(?:的|，|,)?(?:联系)?(?:电话|手机号?码?|tel|phone)?{_BESIDE})"
    r"(?:1\d{2}\*{4}\d{4}|\*{6,}\d{2}))",
    re.IGNORECASE,
)
_AFTER_PHONE = re.compile(
    rf"((?:1\d{{2}}\*{{4}}\d{{4}}|\*{{6,}}\d{{2}})(?:-\*{{4}})?[\s,，;；:：、/|(（\[【\]】)）]{{1,4}})({_NAME})(?![\u4e00-\u9fff])"
)
_LATIN = r"[A-Za-z]{2,20}(?:[ .][A-Za-z]{2,20}){0,2}"
_LATIN_BESIDE = re.compile(
    rf"(?<![A-Za-z])((?:(?:{_PEOPLE}|name|contact|receiver)[\s:：=]{{1,3}}))({_LATIN})(?![A-Za-z])", re.IGNORECASE
)
# The number of a house and what stands behind it; the road before it stays a road.
_DOOR = re.compile(
    r"(?<=[路街道巷弄村里坊园苑城庄组院坡])\s?[\d０-９一二三四五六七八九十百零〇]{1,6}(?:[-－—/][\d０-９]{1,5})?"
    r"\s?(?:号|弄|巷|幢|栋|座|号楼|单元)"
    r"[^\s,，。;；:：!！?？|\"'<>{}【】\[\]()（）]{0,40}"
)
_HOME = re.compile(
    r"[\d０-９A-Za-z一二三四五六七八九十]{1,5}\s?(?:幢|栋|号楼|座)[^\s,，。;；:：|\"'<>{}]{0,4}?[\d０-９一二三四五六七八九十]{1,4}\s?(?:单元|室|层|楼|号|户)"
    r"(?:[\d０-９A-Za-z]{1,5}(?:室|号|户)?)?"
)
# A road straight behind its district, where a number stood behind the road.
_ROAD = re.compile(
    r"(?<=[省市区县旗镇乡道])(?:(?![省市区县旗镇乡])[\u4e00-\u9fff]){1,8}?(?:路|街|道|巷|弄|里)(?<!街道)(?=\*{3})"
)
_ADDRESS_LABEL = re.compile(
    r"((?:收货|收件|寄件|发货|退货|送货|详细|家庭|新)?(?:地址|住址)\s?[:：=＝]\s?)([^\n\r;；|\"'<>{}]{3,120})"
)
# Without any of these there is nothing to hide: most of what couriers say is passed over here.
_HINT = re.compile(r"[\d员人哥户家名址司寄者签客室]|name", re.IGNORECASE)
_WORTH = re.compile(r"\d(?:[^\d]{0,4}\d){6}")


def mask_text(text: str) -> str:
    """The text with phones, the names beside them or after a word for a person, and the numbers of houses hidden.
    Masked again it stays as it is."""
    if not _HINT.search(text):
        return text
    if _WORTH.search(text):
        text = mask_phones(text)
    if text.isascii() and "name" not in text.lower():
        return text
    text = _LABELLED_NAME.sub(_name_of_two, text)
    text = _JOINED_NAME.sub(_name_of_two, text)
    text = _BEFORE_PHONE.sub(lambda found: _short(found[1]), text)
    text = _AFTER_PHONE.sub(_name_of_two, text)
    text = _LATIN_BESIDE.sub(_name_of_two, text)
    text = _ADDRESS_LABEL.sub(lambda found: found[1] + mask_address(found[2]), text)
    return _ROAD.sub("", _HOME.sub("***", _DOOR.sub("***", text)))


def mask_phones(text: str) -> str:
    """The text with every mobile number, landline and extension hidden but for its ends."""
    text = _MOBILE.sub(_mobile, text)
    text = _LANDLINE.sub(_landline, text)
    return _LABELLED.sub(lambda found: found[1] + "*" * 6 + digits_of(found[2])[-2:], text)


def digits_of(text: str) -> str:
    """The digits of a number in any width and script, as ASCII."""
    return "".join(str(int(sign)) for sign in text if sign.isdecimal())


# Province, city, district, town, each where it stands. 小区, 园区 and 古镇路 name a house or a road: they stay hidden.
_PLACE = r"(?:\s*[^\d\s]{%s}?(?:%s))?"
REGION = re.compile(
    _PLACE % ("2,8", "省|自治区|特别行政区")
    + _PLACE % ("1,8", "市|自治州|地区|盟")
    + _PLACE % ("1,8", "(?<![小园社校厂库景])区|县|旗|市")
    + _PLACE % ("1,8", "(?:街道|镇|乡)(?![路街巷大中小])")
)


def mask_address(address: str) -> str:
    """Keeps what names a district or a town, hides road, house and door."""
    address = address.strip()
    if not address or "*" in address:
        return address
    found = REGION.match(address)
    kept = found[0] if found and found[0] else address[:2]
    return kept[:100] + "******"


def _short(name: str) -> str:
    return f"{name[0]}**"


def _name_of_two(found: Match[str]) -> str:
    return found[1] + _short(found[2])


def _mobile(found: Match[str]) -> str:
    written = found[1]
    digits = digits_of(written)
    if digits[1] in "012" or _DATE.search(written) or _IPV4.fullmatch(written.strip(".")):
        return found[0]
    groups = [len(digits_of(part)) for part in re.split(r"[^\d]+", written) if part]
    if not _are_of_one_number(groups):
        return found[0]
    before = found[0][: found.start(1) - found.start()]
    tail = "-****" if found[2] or found[3] else ""
    return f"{before}{digits[:3]}****{digits[-4:]}{tail}"


def _are_of_one_number(groups: list[int]) -> bool:
    """Whether eleven digits in these groups are read as one number: 3 4 4 and its like, or one or two at a time. Not
    the day of a month before a year, nor a list of small numbers."""
    if len(groups) <= 1 or groups[0] >= 3:
        return True
    return len(groups) >= 5 and max(groups) - min(groups[:-1]) <= 1


def _landline(found: Match[str]) -> str:
    number = digits_of(found[1])
    tail = "-****" if found[2] or found[3] else ""
    return f"{'*' * 8}{number[-2:]}{tail}"


class MaskingFormatter(logging.Formatter):
    """Log lines, tracebacks included, without personal data and without the secret part of push addresses."""

    def format(self, record: logging.LogRecord) -> str:
        return mask_line(super().format(record))


_PUSH_TOKEN = re.compile(r"(/push/(?:courier|platform)/)[^/\s\"'?]+")


def mask_line(line: str) -> str:
    return mask_text(_PUSH_TOKEN.sub(r"\1***", line))
