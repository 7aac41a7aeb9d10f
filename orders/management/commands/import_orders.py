import hashlib
import sys
from argparse import ArgumentParser
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from merchant.jobs.models import Job, JobState
from merchant.refusals import Refused
from merchant.shops.models import Shop
from orders.intake import importer, jobs, registry, report
from orders.intake.readers import SourceFile, read_tables

# What stands beside a file of a set, when one file of it is named.
TABLE_NAMES = (".csv", ".csv.gz", ".xlsx", ".xls", ".jsonl", ".jsonl.gz", ".json")


class Command(BaseCommand):
    help = "Import orders (or cases) from files into a shop: CSV, Excel, JSON; run again after a break, it goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, help="one file, several of one set, or a folder")
        parser.add_argument("--shop", help="the shop's id, or platform:external-id")
        parser.add_argument("--profile", default="auto", help="a layout's name, a .toml file, or auto (by the columns)")
        parser.add_argument("--report", type=Path, help="write every row's outcome to this CSV")
        parser.add_argument(
            "--chunk", type=int, default=importer.CHUNK, help="orders a transaction (default %(default)s)"
        )
        parser.add_argument(
            "--again", action="store_true", help="start anew although an unfinished import of these files exists"
        )
        parser.add_argument("--profiles", action="store_true", help="list the layouts and stop")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["profiles"]:
            for profile in registry.all_profiles():
                self.stdout.write(f"{profile.name:22} {profile.kind:8} {profile.title}")
            return
        shop = self._shop(options["shop"])
        try:
            paths = self._paths(options["files"], options["profile"])
            job = self._job(shop, paths, options)
            job = importer.run(
                job, [SourceFile.at(path) for path in paths], on_chunk=self._progress, chunk=options["chunk"]
            )
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self._conclude(job, options["report"])

    def _shop(self, name: str | None) -> Shop:
        if not name:
            raise CommandError("--shop is needed: the shop's id, or platform:external-id.")
        platform, colon, external_id = name.partition(":")
        found = (
            Shop.objects.filter(platform=platform, external_id=external_id)
            if colon
            else Shop.objects.filter(pk=int(name) if name.isdigit() else 0)
        )
        shop = found.first()
        if shop is None:
            known = ", ".join(
                f"{shop.pk} ({shop.platform}:{shop.external_id} {shop.name})"
                for shop in Shop.objects.order_by("pk")[:20]
            )
            raise CommandError(f"There is no shop {name}. Known: {known or 'none'}.")
        return shop

    def _paths(self, given: list[Path], profile: str) -> list[Path]:
        if not given:
            raise CommandError("Name at least one file.")
        for path in given:
            if not path.exists():
                raise CommandError(f"{path} does not exist.")
        paths: list[Path] = []
        for path in given:
            paths += (
                sorted(each for each in path.iterdir() if each.name.lower().endswith(TABLE_NAMES))
                if path.is_dir()
                else [path]
            )
        if len(paths) == 1 and not given[0].is_dir():
            paths += self._siblings(paths[0], profile)
        return paths

    def _siblings(self, path: Path, profile: str) -> list[Path]:
        """The other files of a set, found beside the one that was named, when its layout wants them."""
        tables = read_tables(SourceFile.at(path))
        layout = registry.detect(tables) if profile == "auto" else registry.profile_named(profile)
        wanted = list(getattr(layout, "joins", ()))
        found: list[Path] = []
        for each in sorted(path.parent.iterdir()) if wanted else ():
            if each == path or not each.name.lower().endswith(TABLE_NAMES):
                continue
            try:
                headers = [set(table.header) for table in read_tables(SourceFile.at(each))]
            except Refused:
                continue
            if any(join.signature <= header for join in wanted for header in headers):
                found.append(each)
        return found

    def _job(self, shop: Shop, paths: list[Path], options: dict[str, Any]) -> Job:
        """A new job, or the unfinished one of the same files, which goes on where it broke off."""
        digest = hashlib.sha256()
        for path in paths:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        same = Job.objects.filter(
            shop=shop, kind=importer.KIND, options__digest=digest.hexdigest(), options__profile=options["profile"]
        ).exclude(state=JobState.DONE)
        job = None if options["again"] else same.order_by("-created_at").first()
        if job is None:
            return jobs.new_job(
                shop, [path.name for path in paths], by=None, profile=options["profile"], digest=digest.hexdigest()
            )
        if job.state in (JobState.FAILED, JobState.STOPPED):
            job.state, job.error, job.cursor = JobState.WAITING, "", {**job.cursor, "starts": 0}
            job.save()
        self.stdout.write(f"{job.number}: goes on after {job.done} rows.")
        return job

    def _progress(self, job: Job) -> None:
        if not hasattr(self, "began"):
            self.began, self.before = monotonic(), job.done
        spent = monotonic() - self.began
        speed = f", {(job.done - self.before) / spent:,.0f}/s" if spent > 0.5 else ""
        line = f"{job.number}: {job.done:,} of {job.total:,} rows, {job.refused} refused{speed}"
        if sys.stdout.isatty():
            self.stdout.write("\r" + line.ljust(78), ending="")
        else:
            self.stdout.write(line)
        self.stdout.flush()

    def _conclude(self, job: Job, target: Path | None) -> None:
        if sys.stdout.isatty():
            self.stdout.write("")
        if job.state != JobState.DONE:
            raise CommandError(f"{job.number}: {job.state}. {job.error}")
        figures = ", ".join(
            f"{job.figures[name]:,} {name}"
            for name in ("created", "updated", "unchanged", "refused")
            if name in job.figures
        )
        self.stdout.write(f"{job.number}: {job.done:,} rows as {job.options['layout']}: {figures or 'nothing in it'}")
        if job.options.get("unknown_columns"):
            self.stdout.write(f"Columns the layout says nothing about: {', '.join(job.options['unknown_columns'])}")
        for row in job.rows.filter(outcome="refused").order_by("row_no")[:10]:
            self.stdout.write(f"  row {row.row_no} {row.subject}: {row.reason}")
        if job.refused > 10:
            self.stdout.write(f"  … and {job.refused - 10} more")
        if target is not None:
            target.write_text("".join(report.lines(job)), encoding="utf-8", newline="")
            self.stdout.write(f"Every row's outcome: {target}")
