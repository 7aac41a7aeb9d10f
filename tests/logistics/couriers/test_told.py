"""A scan's sentence: read where its code says nothing, and heard where it says more than the code."""

import json
from datetime import UTC, datetime

import pytest

from logistics.couriers import told
from logistics.couriers.base import Answer
from logistics.couriers.kuaidi100 import Kuaidi100

way = Kuaidi100()


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("[某分部]快件异常；备注：客户拒收", "refused"),
        ("收件人拒绝签收，快件将退回", "refused"),
        ("如客户拒收请联系网点，派送不成功", "exception"),
        ("非拒收件，正在派送", "out_for_delivery"),
        ("【某公司】退回件，已发往发件地", "exception"),
        ("快件已由某小区西门店代收，请及时取件，如有疑问请联系", "at_locker"),
        ("妈妈驿站已发出自提短信,请上门自提", "at_locker"),
        ("客户签收人: 菜鸟驿站代签如未收到请打电话 已签收", "at_locker"),
        ("已投递至丰巢快递柜，凭取件码取件", "at_locker"),
        ("快件已暂放在物业，请尽快领取", "at_locker"),
        ("客户签收人: 已签收，签收人凭取货码签收。", "signed"),
        ("快件已被 本人 签收", "signed"),
        ("【签收】已签收,签收人是:【同事代签】", "signed"),
        ("包裹已完成签收，签收方式：家门口", "signed"),
        ("快件已被快递员从[递管家自提柜]某园1号快递柜取回，请等待快递员与您联系", "out_for_delivery"),
        ("派送失败，未签收", "exception"),
        ("[某分部]进行派件扫描；派送业务员：高某某", "out_for_delivery"),
        ("到达目的地网点，快件将很快进行派送", "arrived_destination"),
        ("[某公司]进行揽件扫描", "picked_up"),
        ("【某公司】 已收件 取件人: 周某某", "picked_up"),
        ("商家已下单，等待揽收", "labelled"),
        ("快件离开【合肥中转部】已发往【泉州中转部】", "in_transit"),
        ("感谢使用", ""),
    ],
)
def test_a_sentence_alone_says_where_a_parcel_is(text, status):
    assert told.in_words(text)[1] == status


@pytest.mark.parametrize(
    ("code", "text", "status"),
    [
        ("in_transit", "快件已由某小区西门店代收，请及时取件", "at_locker"),
        ("out_for_delivery", "已放入丰巢柜，请凭取件码取件", "at_locker"),
        ("signed", "已由菜鸟驿站代收，请及时取件", "at_locker"),
        ("in_transit", "客户拒收", "refused"),
        ("signed", "签收人凭取货码签收", "signed"),
        ("returning", "客户拒收，退回中", "returning"),
        ("exception", "请及时取件", "exception"),
        ("in_transit", "到达杭州", "in_transit"),
    ],
)
def test_a_sentence_that_says_more_than_its_code_is_heard(code, text, status):
    assert told.corrected(("x", code), text)[1] == status


def track(*rows, **more):
    content = {"message": "ok", "nu": "YT0000000000001", "status": "200", **more, "data": list(rows)}
    return way.parse_track(Answer(json.dumps(content)), "YT0000000000001")


def row(context, at, **more):
    return {"context": context, "time": at, "ftime": at, **more}


def test_an_answer_with_an_empty_return_code_is_an_answer():
    events = track(
        row("已签收，签收人凭取码签收", "2026-11-01 17:00:00", status="签收"),
        row("【某公司】 派件中", "2026-11-01 11:00:00", status="派件"),
        row("【某公司】 已揽收", "2026-10-31 09:00:00", status="揽收"),
        returnCode=None,
        result=False,
        state="3",
    )

    assert [event.status for event in events] == ["picked_up", "out_for_delivery", "signed"]
    assert events[0].event_at == datetime(2026, 10, 31, 1, 0, tzinfo=UTC)


def test_every_row_without_a_code_is_read_by_its_sentence():
    events = track(
        row("[某分部]快件异常；备注：客户拒收", "2026-11-01 15:49:20"),
        row("[某分部]进行派件扫描", "2026-11-01 15:49:07"),
        row("[某公司]进行揽件扫描", "2026-10-30 21:16:51"),
    )

    assert [event.status for event in events] == ["picked_up", "out_for_delivery", "refused"]
    assert not any(event.scan in ("return", "return_signed") for event in events)
