# SPDX-License-Identifier: BSD-2-Clause
"""The report as a page."""
