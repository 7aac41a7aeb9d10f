"""Files people add: read, checked and made harmless before they are kept."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from merchant.attachments import services
from merchant.attachments.models import Attachment, Purpose
from merchant.refusals import Refused
from tests.merchant.factories import make_shop, make_user, photo_upload

pytestmark = pytest.mark.django_db


def with_place():
    exif = Image.Exif()
    exif[0x010F] = "Camera of Somebody"
    return photo_upload(size=(3000, 1500), exif=exif)


def test_a_picture_is_drawn_anew_without_what_the_camera_wrote():
    [row] = services.read_files([with_place()])

    kept = Image.open(io.BytesIO(row.body))
    assert (kept.format, kept.size, dict(kept.getexif())) == ("JPEG", (2000, 1000), {})
    assert Image.open(io.BytesIO(row.thumb)).size == (240, 120)
    assert b"Camera of Somebody" not in row.body


@pytest.mark.parametrize(
    ("upload", "why"),
    [
        (SimpleUploadedFile("a.jpg", b"<svg onload=alert(1)>"), "not a readable picture"),
        (SimpleUploadedFile("a.jpg", b""), "empty"),
        (SimpleUploadedFile("a.pdf", b"%PDF-1.4"), "not a readable picture"),
        (SimpleUploadedFile("a.jpg", b"\xff" * (8 * 1024 * 1024 + 1)), "larger than 8 MB"),
        (SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 30), "not a readable picture"),
    ],
    ids=["markup", "empty", "paper where a photo is wanted", "too large", "broken"],
)
def test_a_file_that_is_no_picture_is_refused_by_name(upload, why, settings):
    settings.LANGUAGE_CODE = "en"

    with pytest.raises(Refused) as caught:
        services.read_files([upload])

    assert caught.value.code == "FILE"
    assert upload.name in str(caught.value)
    assert why in str(caught.value)


def test_the_same_bytes_twice_are_one_file():
    shop = make_shop()
    account = _subject(shop)

    services.attach(account, services.read_files([photo_upload()]), by=None, purpose=Purpose.PHOTO)
    files = services.attach(
        account, services.read_files([photo_upload(), photo_upload(colour="blue")]), by=None, purpose=Purpose.PHOTO
    )

    assert len(files) == 2
    assert Attachment.objects.count() == 2


def test_a_file_opens_for_its_shop_and_is_not_there_for_another(client):
    shop = make_shop()
    [row] = services.attach(
        _subject(shop), services.read_files([photo_upload(size=(900, 600))]), by=None, purpose=Purpose.PHOTO
    )
    client.force_login(make_user("agent", shop))

    opened = client.get(f"/files/{row.pk}/")
    small = client.get(f"/files/{row.pk}/thumb/")
    client.force_login(make_user("agent", make_shop()))

    assert (opened.status_code, opened["Content-Type"], opened["X-Content-Type-Options"]) == (
        200,
        "image/jpeg",
        "nosniff",
    )
    assert len(small.content) < len(opened.content)
    assert client.get(f"/files/{row.pk}/").status_code == 404


def test_a_bank_slip_opens_for_finance_only(client):
    shop = make_shop()
    slip = SimpleUploadedFile("slip.pdf", b"%PDF-1.4 slip")
    [row] = services.attach(
        _subject(shop), services.read_files([slip], allows_pdf=True), by=None, purpose=Purpose.PAYOUT_PROOF
    )

    client.force_login(make_user("agent", shop))
    assert client.get(f"/files/{row.pk}/").status_code == 403
    client.force_login(make_user("finance", shop))
    opened = client.get(f"/files/{row.pk}/")

    assert (opened.status_code, opened.content) == (200, b"%PDF-1.4 slip")
    assert opened["Content-Disposition"] == 'attachment; filename="slip.pdf"'


def test_the_bytes_are_sealed_in_the_database(django_db_blocker):
    from django.db import connection

    services.attach(_subject(make_shop()), services.read_files([photo_upload()]), by=None, purpose=Purpose.PHOTO)

    with connection.cursor() as cursor:
        cursor.execute("SELECT body, thumb FROM merchant_attachment")
        [(body, thumb)] = cursor.fetchall()
    assert not bytes(body).startswith(b"\xff\xd8")
    assert not bytes(thumb).startswith(b"\xff\xd8")


def _subject(shop):
    from merchant.shops.models import CourierAccount

    return CourierAccount.objects.create(shop=shop, courier="zto", customer_code="demo")
