"""Customers by API: who bought, and which colleague's customer they are."""

import django_filters

from merchant.api.fields import ROW_ID, PersonSerializer, RowSerializer
from merchant.api.resources import Resource
from orders.buyers.models import Buyer


class CustomerSerializer(RowSerializer):
    """A customer as the shop's platform names them: no name, phone or address."""

    account_owner = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Buyer
        fields = ("shop", "id", "external_id", "nickname", "account_owner", "created_at")
        read_only_fields = fields


class CustomerFilters(django_filters.FilterSet):
    external_id = django_filters.CharFilter(max_length=128)
    account_owner = django_filters.NumberFilter(field_name="account_owner_id", **ROW_ID)

    class Meta:
        model = Buyer
        fields = ()


class CustomerApi(Resource):
    """Customers, newest first."""

    area, noun, path = "customers", "customer", "customers"
    keys = ("<int:id>",)
    queryset = Buyer.objects.select_related("account_owner")
    serializer_class = CustomerSerializer
    filterset_class = CustomerFilters


urlpatterns = CustomerApi.urls()
