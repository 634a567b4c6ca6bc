"""Errors become pages and JSON here, and only here.

Each page says what is wrong, what one may do instead and whom to ask; `wants_json` callers get the same as
`{"error": …, "message": …}`. What is not foreseen is written to the log with a number that the page shows.
"""

from __future__ import annotations

import logging
import secrets
from typing import Any

from flask import Flask, Response, current_app, jsonify, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from care.errors import NotAllowed, NotFound, RuleBroken
from engine import db
from web import request_ids
from web.api.problems import errors_of, is_api, problem
from web.language import N_, gettext, language
from web.signed_in import forget_who_is_looking

logger = logging.getLogger(__name__)

_SENTENCES: dict[int, tuple[str, str]] = {
    400: (N_("这次提交不完整"), N_("退回上一页再试。填的内容还在。")),
    401: (N_("需要登录"), N_("没有登录，或者登录到期、令牌失效。登录后再试。")),
    403: (N_("这件事不归你办"), N_("你可以看别的任务。确实该你办的，请社区或管理员核对你的岗位。")),
    404: (N_("没有找到"), N_("它可能已经办完、撤销，或者不在你负责的范围。")),
    405: (N_("这个地址不能这样打开"), N_("从首页重新进入。")),
    409: (N_("已经有人办了"), N_("看看是谁办的。你填的内容没有丢。")),
    413: (N_("文件太大"), N_("照片最大 8 MB。重新拍一张小一点的。")),
    422: (N_("还有要改的地方"), N_("按提示改好再提交。")),
    425: (N_("还没轮到这一步"), N_("前面那一步交上来以后再交。填的内容还在。")),
    429: (N_("试得太频繁"), N_("等一分钟再试。")),
    500: (N_("系统出错了"), N_("不是你的问题，已经记下来了。稍后再试；急事直接打电话。")),
    503: (N_("现在忙不过来"), N_("等几秒再试。填的内容还在。")),
    507: (
        N_("现在存不下新内容"),
        N_("服务器的磁盘满了，这次没有存上。填的内容还在，请先打电话处理急事，并告诉管理员。"),
    ),
}


def wants_json() -> bool:
    """Scripts and other programs ask for JSON; browsers ask for pages."""
    best = request.accept_mimetypes.best_match(("text/html", "application/json"))
    return request.path.startswith("/api/") or best == "application/json"


def refuse(status: int, title: str = "", sentence: str = "", **values: Any) -> Response:
    """The error page of this status, or its JSON."""
    from web.pages import page

    known_title, known_sentence = _SENTENCES.get(status, _SENTENCES[500])
    heading = title or gettext(known_title)
    message = sentence or gettext(known_sentence)
    if is_api():
        return problem(status, heading, message, **values)
    if wants_json():
        return make_response(jsonify(error=status, title=heading, message=message), status)
    return page("errors/error.html", status, heading=heading, sentence=message, code=status, **values)


def _http(fault: HTTPException) -> ResponseReturnValue:
    status = fault.code or 500
    if status < 400:  # redirects of the router
        return fault.get_response()
    known = status if status in _SENTENCES else 500 if status >= 500 else 400
    return refuse(known, errors=errors_of(fault)) if is_api() else refuse(known)


def _token(fault: CSRFError) -> ResponseReturnValue:
    if request.endpoint == "auth.sign_in":
        return redirect(url_for("auth.sign_in"))
    return refuse(400, gettext("页面放得太久"), gettext("为了安全，刷新页面后再提交一次。"))


def _not_found(fault: NotFound) -> ResponseReturnValue:
    return refuse(404)


def _not_allowed(fault: NotAllowed) -> ResponseReturnValue:
    return refuse(403)


def _rule_broken(fault: RuleBroken) -> ResponseReturnValue:
    return refuse(422, sentence=fault.en if language() == "en" else fault.zh)


def _database(fault: DBAPIError | PoolTimeout) -> ResponseReturnValue:
    """The database is away, full or held up: nothing was stored, and whoever asks may ask again."""
    trouble = db.trouble(fault)
    if trouble == db.UNFIT:
        return refuse(400)
    if trouble is None:
        if current_app.testing:
            raise fault
        return _unforeseen(fault)
    logger.error("database trouble=%s endpoint=%s", trouble, request.endpoint, exc_info=fault)
    forget_who_is_looking()
    answer = refuse(507 if trouble == db.FULL else 503)
    answer.headers["Retry-After"] = "2"
    return answer


def _unforeseen(fault: Exception) -> ResponseReturnValue:
    number = secrets.token_hex(4)
    logger.exception("page failed number=%s endpoint=%s", number, request.endpoint)
    return refuse(500, number=number)


def install(app: Flask) -> None:
    request_ids.install(app)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _token)
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(NotAllowed, _not_allowed)
    app.register_error_handler(RuleBroken, _rule_broken)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(PoolTimeout, _database)
    if not app.testing:
        app.register_error_handler(Exception, _unforeseen)
