"""What a courier's sentence means, for couriers that say why only in words and publish no list of them."""

import re

from logistics.couriers.errors import ErrorClass

# First match counts.
_WORDS = (
    (re.compile("校验失败|验签|签名|无权限|未授权|鉴权"), ErrorClass.AUTH),
    (re.compile("频繁|限流|调用次数"), ErrorClass.THROTTLED),
    (re.compile("系统异常|系统错误|系统繁忙|稍后|超时"), ErrorClass.TRANSIENT),
    (re.compile("有效拦截件|重复发起|(重复|已).{0,2}订阅|已.{0,4}发起.{0,4}拦截"), ErrorClass.DUPLICATE),
    (re.compile("(?<!未)签收"), ErrorClass.ALREADY_SIGNED),
    (re.compile("派件|派送|驿站|快递柜|自提|代收"), ErrorClass.TOO_LATE),
    (re.compile("未揽收|未收件|暂无.*(轨迹|走件|物流)|没有.*(轨迹|走件|物流)"), ErrorClass.NOT_YET_TRACKABLE),
    (re.compile("不存在|单号.*(有误|错误)|查询结果为空|未查询到"), ErrorClass.UNKNOWN_WAYBILL),
    (re.compile("不能为空|参数|格式"), ErrorClass.BAD_REQUEST),
)


def class_of(text: str) -> ErrorClass:
    """The class of a refusal by its words; words nobody knows are the courier's plain no."""
    return next((error_class for pattern, error_class in _WORDS if pattern.search(text)), ErrorClass.NOT_SUPPORTED)
