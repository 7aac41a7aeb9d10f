"""Files people add: read, checked and made harmless before they are kept."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from merchant.attachments import drawer, services
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


def png(size, mode="RGB", **extra):
    out = io.BytesIO()
    Image.new(mode, size).save(out, "PNG", **extra)
    return out.getvalue()


def film(frames, size):
    out = io.BytesIO()
    first, *more = [Image.new("P", size, number % 2) for number in range(frames)]
    first.save(out, "PNG", save_all=True, append_images=more)
    return out.getvalue()


def test_the_process_that_serves_people_unpacks_no_picture(monkeypatch):
    """What a picture does to its decoder it does to a child; PIL is not asked here at all."""
    uploads = [SimpleUploadedFile("whole.png", png((300, 200))), SimpleUploadedFile("b.webp", b"RIFF....WEBPVP8 ")]
    monkeypatch.setattr(Image, "open", lambda *_args, **_named: pytest.fail("opened in the process of the pages"))

    with pytest.raises(Refused) as caught:
        services.read_files(uploads)
    [row] = services.read_files([SimpleUploadedFile("whole.png", png((300, 200)))])

    assert "b.webp" in str(caught.value)
    assert (row.name, row.content_type, row.size) == ("whole.png", "image/jpeg", len(row.body))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (png((7072, 7072), "1"), "pixels"),
        (film(3, (4000, 4200)), "pixels"),
        (b"GIF89a" + b"\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;", "picture"),
    ],
    ids=["too many pixels", "a film of too many", "another format"],
)
def test_what_costs_too_much_or_is_none_is_refused_at_its_place(raw, code):
    with pytest.raises(drawer.Unfit) as unfit:
        drawer.draw([png((20, 20)), raw])

    assert (unfit.value.code, unfit.value.place) == (code, 1)


def test_a_child_that_runs_out_of_memory_or_time_is_a_refusal_and_no_error(monkeypatch, settings):
    settings.LANGUAGE_CODE = "en"
    monkeypatch.setattr(drawer, "MEMORY_BYTES", 60 * 1024 * 1024)
    with pytest.raises(Refused, match="cannot be kept"):
        services.read_files([SimpleUploadedFile("large.png", png((6000, 6000)))])

    monkeypatch.setattr(drawer, "MEMORY_BYTES", 1024 * 1024 * 1024)
    monkeypatch.setattr(drawer, "WALL_SECONDS", 0.001)
    with pytest.raises(Refused, match="took too long"):
        services.read_files([photo_upload()])


def test_more_pictures_at_a_time_than_there_are_turns_wait_and_are_then_sent_away(monkeypatch):
    monkeypatch.setattr(drawer, "PATIENCE_S", 0.01)
    for _turn in range(drawer.AT_ONCE):
        drawer._turns.acquire()
    try:
        with pytest.raises(drawer.Unfit) as unfit:
            drawer.draw([b"x"])
    finally:
        for _turn in range(drawer.AT_ONCE):
            drawer._turns.release()

    assert unfit.value.code == "busy"


def test_goods_cut_out_of_their_ground_stand_on_white():
    [(body, _thumb)] = drawer.draw([png((30, 30), "RGBA")])

    assert Image.open(io.BytesIO(body)).getpixel((15, 15)) == (255, 255, 255)
