"""The console's pages. Everything is read only, but what the token opens: it comes in a header, which no foreign page can send."""

import hmac
from http import HTTPStatus
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from flask import Flask, Response, abort, jsonify, render_template, request, send_file
from werkzeug.exceptions import HTTPException

import report
from lambdas.shared.errors import InvalidExecutionInput
from lambdas.shared.execution_input import require_usable_name
from local_cloud.mailbox import Mail, Mailbox
from local_cloud.state import StateFolder
from operations.console import starting
from operations.console.runs import Run, Runs
from operations.console.tables import LONGEST_SECONDS, MOST_ROWS, Tables
from operations.errors import OperationError
from report.page import MARKED, page_of

HEADER = "X-Console-Token"

_MOST_MAILS = 200
_LONGEST_REQUEST = 200_000  # bytes; a statement of the Data API has 100 KB at most
_REPORT = Path(report.__file__).parent
_MODULES = _REPORT.parent / "node_modules"
_LIBRARY = {
    "page.css": _REPORT / "browser" / "page.css",
    "d3.js": _MODULES / "d3" / "dist" / "d3.min.js",
    "plot.js": _MODULES / "@observablehq" / "plot" / "dist" / "plot.umd.min.js",
    "trend.js": _REPORT / "browser" / "trend.js",
}
"""What the console's own pages share with the page of a run and the list of the reports zone."""

# Observable Plot puts a style element into each chart. The page of a run says itself what runs in it, by digest.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_POLICY_OF_PAGE = "frame-ancestors 'self'"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_NOT_KNOWN = (
    "this browser has no token, or that of an earlier `make up`: open the address that `make up` has printed"
)


def application(
    folder: StateFolder, token: str, *, runs: Runs | None = None, tables: Tables | None = None
) -> Flask:
    """The console of a state folder; the environment leads to the folder's endpoint."""
    app = Flask(__name__)
    # A page of another site can give its own name the address of this machine (DNS rebinding), but not another Host header
    app.config.update(TRUSTED_HOSTS=["127.0.0.1", "localhost"], MAX_CONTENT_LENGTH=_LONGEST_REQUEST)
    app.jinja_env.globals.update(outcomes=MARKED)
    _guard(app, token)
    _tell_errors(app)
    _show_runs(app, runs or Runs(folder))
    _show_mail(app, Mailbox(folder.mail))
    _show_tables(app, tables or Tables())
    app.add_url_rule("/alarms", view_func=_alarms)
    app.add_url_rule("/library/<name>", view_func=_library)
    return app


def _guard(app: Flask, token: str) -> None:
    @app.before_request
    def require_token() -> None:
        given = request.headers.get(HEADER, "")
        if request.method not in ("GET", "HEAD", "OPTIONS") and not hmac.compare_digest(
            given.encode(), token.encode()
        ):
            abort(HTTPStatus.FORBIDDEN, _NOT_KNOWN)

    @app.after_request
    def say_what_may_happen(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def _tell_errors(app: Flask) -> None:
    def told(status: int, what: str) -> tuple[Response | str, int]:
        if request.method == "POST" or request.path.endswith(".json"):
            return jsonify(error=what), status
        return render_template("error.html", what=what), status

    @app.errorhandler(HTTPException)
    def of_http(error: HTTPException) -> tuple[Response | str, int]:
        return told(error.code or HTTPStatus.INTERNAL_SERVER_ERROR, error.description or error.name)

    @app.errorhandler(OperationError)
    def of_operation(error: OperationError) -> tuple[Response | str, int]:
        return told(HTTPStatus.BAD_REQUEST, str(error))

    @app.errorhandler(ClientError)
    def of_endpoint(error: ClientError) -> tuple[Response | str, int]:
        return told(HTTPStatus.BAD_GATEWAY, f"the endpoint answered: {error}")

    @app.errorhandler(BotoCoreError)
    def without_answer(error: BotoCoreError) -> tuple[Response | str, int]:
        return told(
            HTTPStatus.BAD_GATEWAY, f"the endpoint cannot be asked: {error}. Is `make up` still at work?"
        )


def _show_runs(app: Flask, runs: Runs) -> None:
    @app.get("/")
    def index() -> tuple[str, HTTPStatus]:
        number = max(1, request.args.get("page", 1, type=int))
        found, pages = runs.page(number)
        trend = [run.told() for run in reversed(found) if run.ended]
        page = render_template(
            "runs.html", runs=found, trend=trend, current=number, pages=pages, published=_published(found)
        )
        return page, HTTPStatus.NOT_FOUND if number > pages else HTTPStatus.OK

    @app.get("/runs/<name>")
    def run(name: str) -> str:
        last, status = _known(lambda: runs.news(_usable(name), 0), f"there is no run {name}")
        return render_template("run.html", name=name, last=last, running=status == "RUNNING")

    @app.get("/runs/<name>/page")
    def page(name: str) -> Response:
        made = _known(lambda: runs.document(_usable(name)), f"there is no run {name}")
        return Response(
            page_of(made), mimetype="text/html", headers={"Content-Security-Policy": _POLICY_OF_PAGE}
        )

    @app.get("/runs/<name>/run.json")
    def document(name: str) -> Response:
        return jsonify(_known(lambda: runs.document(_usable(name)), f"there is no run {name}"))

    @app.get("/runs/<name>/news.json")
    def news(name: str) -> Response:
        after = max(0, request.args.get("after", 0, type=int))
        last, status = _known(lambda: runs.news(_usable(name), after), f"there is no run {name}")
        return jsonify(last=last, running=status == "RUNNING")

    @app.get("/start")
    def form() -> str:
        return render_template("start.html", deployments=runs.deployments())

    @app.post("/runs")
    def start() -> tuple[Response, int]:
        asked = _asked()
        deployment = str(asked.pop("deployment", ""))
        return jsonify(name=starting.start(deployment, asked)), HTTPStatus.CREATED


def _show_mail(app: Flask, mailbox: Mailbox) -> None:
    @app.get("/mail")
    def mails() -> str:
        numbers = mailbox.numbers()
        newest = [mailbox.mail(number) for number in reversed(numbers[-_MOST_MAILS:])]
        return render_template("mails.html", mails=newest, total=len(numbers))

    @app.get("/mail/<int:number>")
    def mail(number: int) -> str:
        found: Mail = _known(
            lambda: mailbox.mail(number), f"there is no e-mail {number}; the list has all of them"
        )
        return render_template("mail.html", mail=found)


def _show_tables(app: Flask, tables: Tables) -> None:
    @app.get("/tables")
    def all_tables() -> str:
        return render_template(
            "tables.html", tables=tables.all(), most_rows=MOST_ROWS, seconds=LONGEST_SECONDS
        )

    @app.get("/tables/<schema>/<name>")
    def table(schema: str, name: str) -> str:
        answer = _known(
            lambda: tables.preview(schema, name), f"there is no table {schema}.{name} that can be read"
        )
        return render_template("table.html", schema=schema, name=name, answer=answer)

    @app.post("/query")
    def query() -> Response:
        return jsonify(tables.query(str(_asked().get("sql", ""))))


def _alarms() -> str:
    pages = boto3.client("cloudwatch").get_paginator("describe_alarms").paginate()
    found = [alarm for page in pages for alarm in page["MetricAlarms"]]
    ranks = {"ALARM": 0, "INSUFFICIENT_DATA": 1}
    return render_template(
        "alarms.html",
        alarms=sorted(found, key=lambda alarm: (ranks.get(alarm["StateValue"], 2), alarm["AlarmName"])),
    )


def _library(name: str) -> Response:
    if name not in _LIBRARY:
        abort(HTTPStatus.NOT_FOUND, f"there is no file {name}")
    response = send_file(_LIBRARY[name])
    response.headers["Cache-Control"] = "no-cache"  # asked for each time, sent when it has changed
    return response


def _asked() -> dict[str, Any]:
    asked = request.get_json(silent=True)
    if not isinstance(asked, dict):
        abort(HTTPStatus.BAD_REQUEST, "expected a JSON object as the body of the request")
    return asked


def _usable(name: str) -> str:
    """The name, which will be part of paths; KeyError for one that no run can have."""
    try:
        require_usable_name(name)
    except InvalidExecutionInput:
        raise KeyError(name) from None
    return name


def _known(find: Any, otherwise: str) -> Any:
    try:
        return find()
    except KeyError:
        abort(HTTPStatus.NOT_FOUND, otherwise)


def _published(newest_first: list[Run]) -> Run | None:
    """The last run that published something."""
    return next((run for run in newest_first if run.read), None)
