# SPDX-License-Identifier: BSD-2-Clause
"""All experiments, in the order of the lab."""
from experiments import (anatomy, chat, conversation, far, resets, router,
                         scan, segmentation, silence, strays)
from experiments import student as students
from words import N_


class Group:
    def __init__(self, name, title, experiments):
        self.name, self.title = name, title
        self.experiments = [made() if isinstance(made, type) else made
                            for made in experiments]


def groups(student=None):
    textbook = [
        Group("scan", N_("Port scan"), scan.ALL),
        Group("conversation", N_("Handshake and teardown"), conversation.ALL),
        Group("chat", N_("Chat"), chat.ALL),
        Group("segmentation", N_("Segments and fragments"), segmentation.ALL),
        Group("anatomy", N_("Byte by byte"), anatomy.ALL),
        Group("mtu", N_("A router with a smaller MTU"), router.ALL),
        Group("far", N_("A bad way, captured at both ends"), far.ALL),
        Group("silence", N_("Refused, unreachable, silent"), silence.ALL),
        Group("reset", N_("Why a RST"), resets.ALL + strays.ALL),
    ]
    if student is None:
        return textbook
    return textbook + [Group("student", N_("The student's own numbers"),
                             students.experiments(student))]


def experiments(student=None):
    """{name: experiment}"""
    return {experiment.name: experiment for group in groups(student)
            for experiment in group.experiments}
