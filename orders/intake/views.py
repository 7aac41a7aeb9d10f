from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchant.jobs.models import Job, JobState
from merchant.people.rights import Right, can
from merchant.refusals import Refused, refusals_as_messages
from merchant.ui.access import SignedInRequest
from merchant.ui.query_params import parse_int
from orders.intake import columns, importer, jobs, own_layouts, report, template
from orders.intake.forms import ImportForm, MapColumnsForm, RetryImportForm, chosen_columns, layouts

OUTCOMES = ("created", "updated", "unchanged", "refused")
REFUSED_SHOWN = 50
LIST_SIZE = 30


def _visible(request: SignedInRequest) -> Any:
    return Job.objects.visible_to(request.user).filter(kind=importer.KIND).select_related("shop", "by")


@login_required
def import_list(request: SignedInRequest) -> HttpResponse:
    """GET: the form and the history. POST: take the files and go to the page that shows them being read."""
    form = ImportForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        # One byte and one file more than allowed are enough to be refused; nothing is left out silently.
        files = [
            (file.name or "", file.read(jobs.MAX_BYTES + 1))
            for file in request.FILES.getlist("files")[: jobs.MAX_FILES + 1]
        ]
        try:
            job = jobs.start_import(
                form.cleaned_data["shop"], files, by=request.user, profile=form.cleaned_data["profile"]
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("import_detail", number=job.number)
    history = list(_visible(request).order_by("-created_at")[:LIST_SIZE])
    return render(
        request,
        "orders/import_list.html",
        {"form": form, "jobs": history, "cards": [_figures(job) for job in history], "most_files": jobs.MAX_FILES},
        status=422 if form.errors else 200,
    )


@login_required
@require_safe
def import_detail(request: SignedInRequest, number: str) -> HttpResponse:
    job = get_object_or_404(_visible(request), number=number)
    return render(request, "orders/import_detail.html", _progress(request, job))


@login_required
@require_safe
def import_progress(request: SignedInRequest, number: str) -> HttpResponse:
    """The living part. 204 while nothing moved since the stamp the page holds."""
    job = get_object_or_404(_visible(request), number=number)
    context = _progress(request, job)
    if request.GET.get("stamp") == context["stamp"]:
        return HttpResponse(status=204)
    return render(request, "orders/_import_progress.html", context)


@login_required
@require_safe
def import_report(request: SignedInRequest, number: str) -> StreamingHttpResponse:
    job = get_object_or_404(_visible(request), number=number)
    only = request.GET.get("only", "")
    response = StreamingHttpResponse(
        report.lines(job, only=only if only in OUTCOMES else ""), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{job.number}{"-" + only if only in OUTCOMES else ""}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@login_required
@require_POST
def import_retry(request: SignedInRequest, number: str) -> HttpResponse:
    job = get_object_or_404(_visible(request), number=number)
    with refusals_as_messages(request):
        jobs.retry_import(job, by=request.user, **RetryImportForm(request.POST).checked())
    return redirect("import_detail", number=number)


@login_required
@require_POST
def import_stop(request: SignedInRequest, number: str) -> HttpResponse:
    job = get_object_or_404(_visible(request), number=number)
    with refusals_as_messages(request):
        jobs.stop_import(job, by=request.user)
    return redirect("import_detail", number=number)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_columns(request: SignedInRequest, number: str) -> HttpResponse:
    """Columns by hand: each column of the file with its first values and what it is; saved as the shop's layout."""
    job = get_object_or_404(_visible(request), number=number)
    sheets = own_layouts.sheets_of(job)
    at = min(parse_int(request.GET.get("sheet", "0")) or 0, max(0, len(sheets) - 1))
    sheet = sheets[at] if sheets else None
    form = MapColumnsForm(request.POST or None)
    chosen = chosen_columns(request.POST) if request.method == "POST" else columns.guess(sheet.header if sheet else ())
    error = ""
    if request.method == "POST":
        try:
            title, choices = form.choices(chosen)
            own_layouts.map_columns(job, by=request.user, title=title, choices=choices)
            return redirect("import_detail", number=number)
        except Refused as refusal:
            error = str(refusal)
    elif not form.is_bound and sheet:
        form = MapColumnsForm(initial={"title": sheet.name.rpartition(".")[0][:60] or sheet.name})
    rows = (
        [
            (position, name, chosen.get(name, ""), [row[position] for row in sheet.rows if position < len(row)])
            for position, name in enumerate(sheet.header)
        ]
        if sheet
        else []
    )
    context = {
        "job": job, "sheets": sheets, "at": at, "sheet": sheet, "form": form, "error": error, "rows": rows,
        "choices": [(key, words) for key, (words, _section, _spec) in columns.FIELDS.items()],
        "needed": [columns.FIELDS[key][0] for key in columns.NEEDED],
        "may_map": may_map(request.user, job),
    }  # fmt: skip
    return render(request, "orders/import_columns.html", context, status=422 if error else 200)


def may_map(user: Any, job: Job) -> bool:
    return can(user, job.shop_id, Right.IMPORT_ORDERS) and job.state in (JobState.FAILED, JobState.STOPPED)


@login_required
@require_safe
def import_template(request: SignedInRequest) -> HttpResponse:
    """A workbook to fill in by hand: the columns of our own layout as text, so that no number is rounded."""
    response = HttpResponse(template.workbook(), content_type=template.CONTENT_TYPE)
    response["Content-Disposition"] = 'attachment; filename="huicang-orders.xlsx"'
    return response


def _figures(job: Job) -> dict[str, Any]:
    share = min(100, job.done * 100 // job.total) if job.total else (100 if job.state == JobState.DONE else 0)
    return {
        "job": job,
        "share": share,
        "figures": [(outcome, report.outcome_label(outcome), job.figures.get(outcome, 0)) for outcome in OUTCOMES],
        "is_live": job.state in (JobState.WAITING, JobState.RUNNING),
    }


def _progress(request: SignedInRequest, job: Job) -> dict[str, Any]:
    may_act = can(request.user, job.shop_id, Right.IMPORT_ORDERS)
    seconds_left = None
    if job.state == JobState.RUNNING and job.done and job.total and job.started_at and job.pulse_at:
        spent = (job.pulse_at - job.started_at).total_seconds()
        seconds_left = round(spent / job.done * (job.total - job.done))
    return {
        **_figures(job),
        "stamp": f"{job.state}-{job.done}-{job.pulse_at.timestamp() if job.pulse_at else 0:.3f}",
        "seconds_left": seconds_left,
        "refused_rows": list(job.rows.filter(outcome="refused").order_by("row_no")[:REFUSED_SHOWN])
        if job.refused
        else [],
        "files": list(job.files.defer("body").order_by("pk")),
        "layout": dict(layouts([job.shop])).get(job.options.get("layout", ""), job.options.get("layout", "")),
        "layouts": layouts([job.shop]),
        "may_map": may_map(request.user, job) and job.files.filter(sample__isnull=False).exists(),
        "remarked_rows": list(
            job.rows.exclude(outcome="refused").exclude(reason="").order_by("row_no")[:REFUSED_SHOWN]
        ),
        "may_stop": may_act and job.state in (JobState.WAITING, JobState.RUNNING),
        "may_retry": may_act and job.state in (JobState.FAILED, JobState.STOPPED),
    }
