"""The JSON API: what a worker can do on the pages, for a mini program or a partner.

`/api/v1/openapi.json` describes it. A request carries `Authorization: Bearer <token>`; the browser's cookies count for
nothing here, so no token against forged forms is needed. The views call the functions that the pages call: who may see
and do what, what a form must say, what becomes of a form that comes twice or too late is decided in one place. `site`
puts it into the site.
"""
