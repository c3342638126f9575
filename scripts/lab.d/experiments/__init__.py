# SPDX-License-Identifier: BSD-2-Clause
"""All experiments, in the order of the lab."""
from experiments import conversation, resets, segmentation, silence
from words import N_


class Group:
    def __init__(self, name, title, experiments):
        self.name, self.title = name, title
        self.experiments = [made() if isinstance(made, type) else made
                            for made in experiments]


def groups(student=None):
    return [
        Group("conversation", N_("Handshake and teardown"), conversation.ALL),
        Group("segmentation", N_("Segments and fragments"), segmentation.ALL),
        Group("silence", N_("Refused, unreachable, silent"), silence.ALL),
        Group("reset", N_("Why a RST"), resets.ALL),
    ]


def experiments(student=None):
    """{name: experiment}"""
    return {experiment.name: experiment for group in groups(student)
            for experiment in group.experiments}
