# SPDX-License-Identifier: BSD-2-Clause
"""Texts in the reader's language, from the suite's gettext catalogue."""
import contextlib
import gettext as _gettext

LANGUAGES = {"en": "en", "zh": "zh_CN"}

_catalogue = _gettext.NullTranslations()


def use(lang, localedir):
    """Raises FileNotFoundError where there is no such catalogue."""
    global _catalogue
    if lang == "en":
        _catalogue = _gettext.NullTranslations()
    else:
        _catalogue = _gettext.translation("synscan", localedir,
                                          [LANGUAGES[lang]])


@contextlib.contextmanager
def using(lang, localedir):
    """That language for a while."""
    global _catalogue
    before = _catalogue
    use(lang, localedir)
    try:
        yield
    finally:
        _catalogue = before


def _(text):
    return _catalogue.gettext(text) if text else ""


def said(text, arguments):
    """A sentence with its arguments, as results.ndjson keeps it."""
    return _(text).format(*(_(a) if isinstance(a, str) else a
                            for a in arguments)) if arguments else _(text)


def N_(text):
    """Marked for the catalogue here, said with _() elsewhere."""
    return text
