"""The sentences at the fields: what is wrong and what to do, in Chinese and in English.

Validators raise short codes such as `too_long|40`; here they become sentences, so that marshmallow never has to carry
two languages.
"""

from __future__ import annotations

from engine.forms.errors import Words

SENTENCES: dict[str, tuple[str, str]] = {
    "required": ("还没填", "Not filled in yet"),
    "required_choice": ("还没选", "Nothing chosen yet"),
    "required_photo": ("要一张照片", "A photo is needed"),
    "required_voice": ("要一段录音", "A recording is needed"),
    "required_signature": ("还没签名", "Not signed yet"),
    "required_file": ("还没选文件", "No file chosen yet"),
    "not_text": ("这里要填文字", "Write text here"),
    "too_short": ("太短，至少 {0} 个字", "Too short: at least {0} characters"),
    "too_long": ("太长，最多 {0} 个字", "Too long: at most {0} characters"),
    "pattern": ("格式不对，看一下说明", "Not in the form asked for; see the hint"),
    "not_date": ("没有这一天，写成 2026-08-03", "No such day; write 2026-08-03"),
    "not_time": ("没有这个时间，写成 09:30", "No such time; write 09:30"),
    "not_moment": ("日期或时间不对，写成 2026-08-03 09:30", "No such day or time; write 2026-08-03 09:30"),
    "not_phone": ("电话号码不对，数一下位数", "Not a telephone number; count the digits"),
    "not_attachment": ("这个文件没有收到，重新拍一次", "This file did not arrive; take it again"),
    "not_number": ("这里要填数字", "Write a number here"),
    "not_integer": ("这里要填整数", "Write a whole number here"),
    "too_small": ("太小，最小 {0}", "Too small: at least {0}"),
    "too_big": ("太大，最大 {0}", "Too big: at most {0}"),
    "not_boolean": ("选“是”或“否”", "Choose yes or no"),
    "not_choice": ("没有这个选项，重新选一次", "No such choice; choose again"),
    "not_list": ("这里可以有几项，要一项一项填", "A list is expected here"),
    "too_few": ("至少要 {0} 项", "At least {0} needed"),
    "too_many": ("太多，最多 {0} 项", "Too many: at most {0}"),
    "repeated": ("同一项选了两次", "The same item twice"),
    "not_object": ("这一部分的内容读不出来，重新填一次", "This part cannot be read; fill it in again"),
    "unknown": ("表单里没有这一项，刷新页面后再交", "The form has no such field; reload the page"),
    "bad_text": ("有看不见的特殊字符，删掉后重新输入", "Contains invisible control characters; type it again"),
    "too_large": ("内容太多，存不下，删短一些", "Too much to store; shorten it"),
}


def sentence(code: str) -> Words:
    """The two sentences of a code; what follows `|` is filled in."""
    name, _, rest = code.partition("|")
    zh, en = SENTENCES.get(name, (code, code))
    values = rest.split("|")
    return {"zh": zh.format(*values), "en": en.format(*values)}
