# SPDX-License-Identifier: BSD-2-Clause
"""Texts in the reader's language, from the suite's gettext catalogue."""
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


def _(text):
    return _catalogue.gettext(text) if text else ""


def N_(text):
    """Marked for the catalogue here, said with _() elsewhere."""
    return text
