import pytest

from merchant.vault import masking
from merchant.vault.masking import mask_address, mask_name, mask_phone, normal_phone


def test_a_number_that_its_end_finds_shows_no_more_than_the_end():
    assert masking.mask_kept_phone("+86 138 0000 1234") == "*******1234"
    assert masking.mask_kept_phone("13800138000-1234") == "*******8000-****"
    assert masking.mask_kept_phone("138****1234") == "138****1234"  # masked where it came from: nothing finds it
    assert masking.mask_kept_phone("0571-88001234") == "**********34"
    assert masking.may_be_same("138****1234", "*******1234") is True
    assert masking.may_be_same("138****1235", "*******1234") is False
    assert masking.may_be_same("138****1234", "") is False


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("王小明", "王**"),
        ("李", "李**"),
        ("欧阳娜娜", "欧**"),
        ("  张三 ", "张**"),
        ("王**", "王**"),
        ("王*", "王*"),
        ("", ""),
    ],
)
def test_of_a_name_the_first_character_stays(name, masked):
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13800001234", "138****1234"),
        ("+86 138 0000 1234", "138****1234"),
        ("１３８００００１２３４", "138****1234"),
        ("13800138000-1234", "138****8000-****"),
        ("138****1234", "138****1234"),
        ("0571-88001234", "**********34"),
        ("12345", "***45"),
        ("", ""),
    ],
)
def test_of_a_phone_the_ends_stay(phone, masked):
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("phone", "plain"),
    [
        ("+86 13800138000-1234", "13800138000-1234"),
        ("86-138-0013-8000", "13800138000"),
        ("0571-8800 1234", "057188001234"),
        ("057188001234", "057188001234"),
        ("400-800-1234", "4008001234"),
        ("138****1234", "138****1234"),
    ],
)
def test_a_phone_is_compared_by_its_digits(phone, plain):
    assert normal_phone(phone) == plain


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("浙江省杭州市余杭区仓前街道文一西路969号", "浙江省杭州市余杭区仓前街道******"),
        ("浙江省 杭州市 余杭区 仓前街道 文一西路", "浙江省 杭州市 余杭区 仓前街道******"),
        ("北京市朝阳区建国路88号", "北京市朝阳区******"),
        ("上海市浦东新区张江镇科苑路1号", "上海市浦东新区张江镇******"),
        ("广东省东莞市长安镇振安东路", "广东省东莞市长安镇******"),
        ("新疆维吾尔自治区伊犁哈萨克自治州伊宁市解放路", "新疆维吾尔自治区伊犁哈萨克自治州伊宁市******"),
        ("内蒙古自治区鄂尔多斯市准格尔旗薛家湾镇迎泽路", "内蒙古自治区鄂尔多斯市准格尔旗薛家湾镇******"),
        ("香港特别行政区湾仔区轩尼诗道1号", "香港特别行政区湾仔区******"),
        ("某个地方12号", "某个******"),
        ("浙江省杭州市余杭区******", "浙江省杭州市余杭区******"),
        ("", ""),
    ],
)
def test_of_an_address_the_region_stays(address, masked):
    assert mask_address(address) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("浙江省杭州市余杭区五常街道西溪小区12幢", "浙江省杭州市余杭区五常街道******"),
        ("江苏省苏州市工业园区星湖街328号", "江苏省苏州市******"),
        ("浙江省杭州市余杭区古镇路3号", "浙江省杭州市余杭区******"),
        ("北京市海淀区清华园社区3号楼", "北京市海淀区******"),
    ],
)
def test_the_name_of_a_house_or_a_road_does_not_pass_for_a_region(address, masked):
    assert mask_address(address) == masked
