"""docs/churn-toml.md: every key of churn.toml with its type, default and meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

NOTE = "<!-- Made by `python docs/generate.py`. Change the code, then run it again. -->"
MEANINGS = {
    "project.name": "The book's name: the title of the pages, the MLflow experiment and the registered model.",
    "project.currency": "Shown before money.",
    "engine.memory": "The most memory DuckDB may hold, for example `1200MB` or `8GB`; what does not fit is spilled to disk. "
    "Not given: four fifths of the machine's. Ignored by other engines.",
    "engine.url": "Where indicators are computed, as an Ibis address. DuckDB and SQLite paths are relative to churn.toml. "
    "`${NAME}` becomes the environment variable NAME, what the file that NAME_FILE names holds, or the Secret block of Prefect that "
    "NAME_BLOCK names.",
    "sources.url": "Where the SELECTs run, for example `postgres://reader:${CRM_PASSWORD}@db.example.com/crm`. Not given: "
    "in the engine. Where it differs, each result is copied into the engine batch by batch.",
    "variables": "`{name}` in `sources/*.sql` becomes this text; `--set name=value` wins.",
    "plays.write_tasks": "Whether `churn weekly` and `churn demo` write the tasks of the playbooks to the CRM, too (renewals, onboarding, check-ins, win-back, talks of growth); the tasks of the scores are always written.",
    "team": 'Role → the CRM\'s ids of the people who have it, for example `renewals_manager = ["u-7"]`: whom the tasks of that role go to, and whose hours `churn capacity` counts. Roles are the owner types and escalation levels of the policy; a role that is not named here falls to the owner of the account.',
    "label.kind": "`decision`: the customer decides to leave. `inactivity`: the customer does nothing at all.",
    "label.horizon_days": "Length of the window that is predicted, in days.",
    "label.gap_days": "Days between the snapshot and the start of that window: time to act.",
    "label.days": "With `inactivity`: days without a sign of life, in place of `horizon_days`.",
    "cohort.min_tenure_days": "Younger accounts are not scored.",
    "panel.weekday": "The weekday of every snapshot.",
    "panel.train_every_weeks": "Weeks between training snapshots.",
    "panel.test_every_weeks": "Weeks between test snapshots.",
    "tune.trials": "Trials of LightGBM's trees within the training period, the default among them, at most 30; 0: no "
    "tuning. Needs optuna (`pip install 'churn[tune]'`). What a trial is judged on, and when the default stays: "
    "[how it works](how-it-works.md#tuning-within-a-budget).",
    "tune.minutes": "No further trial begins after so many minutes; what was not tried is told. With it, a slower machine may "
    "come to another model.",
    "capacity.share": "The share of the book that can be worked on: the high risk tier.",
    "holdout.share": "The share of accounts that get no task and no play while they keep their score, at most 0.2. They "
    "are drawn by a hash within their ARR and risk, once and for good (`.churn/holdout/`); 0: nobody.",
    "holdout.seed": "Of that draw. Another seed draws new accounts otherwise and changes nobody who was drawn before.",
    "destination.kind": "Which CRM is written to: an SQLite file, two Postgres tables, HubSpot, Salesforce, files, a "
    "webhook, or a module of your own. [Destinations](destinations.md) says what each needs.",
    "destination.path": "`sqlite`: its file. `files`: their folder (`.churn/delivered`). `own`: the "
    "Python file, needed ([how](add-a-destination.md)).",
    "destination.url": "`postgres`, `salesforce`, `webhook`: its address, needed. `hubspot`: only where it is not the usual one. "
    "A password is `${NAME}` from the environment.",
    "destination.hosts": "`webhook`: the host names that may be called, needed. `hubspot`, `salesforce`: where they are not the "
    "vendor's own.",
    "destination.label": "A name of yours that tells this destination from others in the ledger, for good. `postgres` and "
    "`webhook` need one.",
    "destination.version": "`hubspot`, `salesforce`: the version of its API, where not the tested one.",
    "destination.format": "`files`: how they are written (`csv`).",
    "destination.for_people": "`files`: whether a text in a CSV that a spreadsheet would run as a formula gets an apostrophe "
    "before it (`true`).",
    "destination.accounts_table": "`postgres`: the table with a row an account, `schema.table`.",
    "destination.account_key": "The unique field that holds our account_id: `postgres` (`account_id`), `hubspot` "
    "(`churn_account_id`), `salesforce` (`Churn_Account_Id__c`).",
    "destination.tasks_table": "`postgres`: the table with a row a task.",
    "destination.task_key": "The unique field that holds our task_key: `postgres` (`task_key`), `hubspot` (`churn_task_key`), "
    "`salesforce` (`Churn_Task_Key__c`).",
    "destination.task_account": "`postgres`: the tasks' column that holds the account's key (`account_id`).",
    "destination.creates_accounts": "`postgres`: whether accounts that are not there are made (`false`).",
    "destination.client_id": "`salesforce`: the consumer key of the app that signs in.",
    "destination.username": "`salesforce`: the integration user's name.",
    "destination.audience": "`salesforce`: the audience of the sign-in, where it is not the address.",
    "destination.zone": "`hubspot`: the account's time zone, in which its day of calls ends (`UTC`).",
    "destination.score_fields": "Our field → the CRM's, where not the usual name; an empty name leaves a field out, a field "
    "that is not usually sent is sent.",
    "destination.task_fields": "The same for tasks.",
    "destination.feedback_fields": "Fields that `churn feedback` reads: outcome, root_cause, driver_mark of tasks; override, "
    "override_reason, override_expires_on, sponsor_rating of accounts → the CRM's name.",
    "destination.options": "`own`: texts that its module is given.",
    "ledger.url": "Where several machines deliver: a Postgres that keeps the books, for example "
    "`postgres://churn:${LEDGER_PASSWORD}@db.example.com/churn`. Not given: `.churn/ledger.sqlite`.",
    "ledger.schema": "Its schema there.",
    "alerts.mail_host": "The SMTP server of `churn alert`; TLS is required but on this machine itself.",
    "alerts.mail_port": "Its port.",
    "alerts.mail_from": "The sender's address.",
    "alerts.mail_user": "Whom to sign in as, where the server asks; the password is `CHURN_SMTP_PASSWORD` of the environment.",
    "alerts.webhook_url": "Where alerts are posted, signed with `CHURN_ALERTS_SECRET` as [scores are](webhook.md).",
    "alerts.webhook_hosts": "The host names that may be called.",
    "schedule.weekly": "When the weekly run is due, as a cron expression; an empty text: never. [Schedules](schedules.md) says what runs.",
    "schedule.daily": "The same for the daily run.",
    "schedule.monthly": "The same for the monthly training.",
    "schedule.alerts": "The same for alerts that waited for their owners' morning; `churn deploy` alone asks for it.",
    "schedule.timezone": "The time zone of these hours, for example `Europe/Berlin`.",
    "alerts.failures_to": "Who is told of runs that failed, over the same channels; not given: nobody "
    "([how](schedules.md#who-hears-of-a-failure)).",
    "alerts.unowned_to": "Who hears of accounts that nobody owns; not given: they are listed by the command.",
}


def settings_keys() -> Iterator[tuple[str, str, str]]:
    """(key, type, default as TOML) of everything churn.toml may hold."""
    from pipelines.settings import Section, Settings

    for section, about in Settings.model_fields.items():
        model = about.annotation
        if not (isinstance(model, type) and issubclass(model, Section)):
            yield section, "table of texts", "empty"
            continue
        for key, one in model.model_fields.items():
            yield (
                f"{section}.{one.alias or key}",
                type_name(one.annotation),
                as_toml(one.get_default(call_default_factory=True)),
            )


def type_name(annotation: Any) -> str:
    """A type in the words of TOML.

    >>> type_name(int | None), type_name(str)
    ('whole number', 'text')
    """
    text = str(getattr(annotation, "__name__", annotation)).replace("typing.", "")
    if "Literal" in str(annotation):
        return " or ".join(f"`{value}`" for value in re.findall(r"'([^']*)'", str(annotation)))
    if "Mapping" in str(annotation):
        return "table of texts"
    if "tuple" in str(annotation):
        return "list of texts"
    names = {"int": "whole number", "float": "number", "str": "text", "bool": "true or false"}
    return next((name for python, name in names.items() if re.search(rf"\b{python}\b", f"{text} {annotation}")), text)


def as_toml(value: Any) -> str:
    """A default as it would stand in the file."""
    if value is None:
        return "not given"
    if value == {}:
        return "empty"
    return f'`"{value}"`' if isinstance(value, str) else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def churn_toml_page(meanings: Mapping[str, str] = MEANINGS) -> str:
    """docs/churn-toml.md. A KeyError names the key that has no meaning yet."""
    from pipelines.settings import Settings

    lines = [
        "# churn.toml",
        "",
        NOTE,
        "",
        "Every key has a default, so an empty file is a valid one. An unknown section or key is an error (exit code 3) "
        "that names the nearest spelling. Paths are relative to the file. Secrets do not belong here: an "
        "address takes them from the environment.",
    ]
    sections: dict[str, list[str]] = {section: [] for section in Settings.model_fields}
    for key, kind, default in settings_keys():
        section, _, name = key.partition(".")
        sections[section].append(f"| `{name or 'any name'}` | {kind} | {default} | {meanings[key]} |")
    for section, rows in sections.items():
        lines += ["", f"## [{section}]", "", "| key | type | default | meaning |", "|---|---|---|---|", *rows]
    lines += [
        "",
        "## Beside it",
        "",
        "| file | what |",
        "|---|---|",
        "| `sources/NAME.sql` | One SELECT per table of [contracts.md](contracts.md); this is the whole mapping. |",
        "| `sources/NAME_coverage.sql` | Optional: the accounts the table can speak about. For all others its "
        "indicators are not available. |",
        "| `policy.yaml` | Optional: your changes to the [policy](policy.md) (weights, bands, plays …). |",
        "| `.churn/` | Everything the pipeline makes. Delete it and nothing of yours is lost but the history of runs, "
        "who is held out, and what was written to the CRM. |",
    ]
    return "\n".join(lines) + "\n"
