"""Shops by API: the one a token opens, and the token itself."""

from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from merchant.api.enums import ApiScope
from merchant.api.fields import PersonSerializer, RowSerializer
from merchant.api.models import ApiToken
from merchant.api.resources import Resource
from merchant.shops.models import Shop
from merchant.shops.services import agreement_in_force


class ShopSerializer(RowSerializer):
    is_signed = serializers.SerializerMethodField(help_text="The interception agreement is in force (E03).")

    class Meta:
        model = Shop
        fields = ("id", "platform", "external_id", "name", "state", "is_cross_border", "is_signed")

    def get_is_signed(self, shop: Shop) -> bool:
        return agreement_in_force(shop) is not None


class TokenSerializer(RowSerializer):
    user = PersonSerializer(read_only=True)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=ApiScope.choices))

    class Meta:
        model = ApiToken
        fields = ("name", "prefix", "shop", "user", "scopes", "created_at", "expires_at", "last_used_at")


class ShopApi(Resource):
    """The shop this token opens, and no other."""

    area, noun, path = "", "shop", "shops"
    keys = ()
    queryset = Shop.objects.all()
    serializer_class = ShopSerializer

    def in_sight(self, rows: Any) -> Any:
        return rows.visible_to(self.by).filter(pk=self.request.auth.shop_id)


class TokenApi(Resource):
    """The token itself: whose it is, which shop it opens, what it was made for."""

    area, noun, path = "", "token", "token"
    queryset = ApiToken.objects.all()
    serializer_class = TokenSerializer

    def retrieve(self, request: Request, **_keys: Any) -> Response:
        return self.answer(request.auth)


urlpatterns = [*ShopApi.urls(), path("token/", TokenApi.as_view({"get": "retrieve"}), name="api_token")]
