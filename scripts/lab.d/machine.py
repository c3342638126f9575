# SPDX-License-Identifier: BSD-2-Clause
"""What the experiments need of this machine, and what to do where it is not
there."""
import functools
import os
import shutil
import socket
import subprocess

from experiment import Missing
from words import N_


class Tools:
    """The checkout, its build, and the world in which commands run."""

    def __init__(self, top, build):
        self.top, self.build = top, build
        paths = [build, f"{build}/tests/lab", f"{build}/tests/bench",
                 os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]
        self.environment = dict(os.environ, PATH=":".join(paths),
                                LC_ALL="C.UTF-8", LANGUAGE="")
        self.localedir = f"{build}/locale"

    def which(self, program):
        return shutil.which(program, path=self.environment["PATH"])

    @functools.cache
    def has_option(self, program, option):
        if not self.which(program):
            return False
        said = subprocess.run([program, "--help"], capture_output=True,
                              text=True, env=self.environment, check=False)
        return option in said.stdout

    def lang(self, lang):
        if not self.has_option("synflow", "--lang"):
            return []
        return ["--lang", lang]

    def version(self):
        if not self.which("synscan"):
            return "synscan"
        said = subprocess.run(["synscan", "--version"], capture_output=True,
                              text=True, env=self.environment, check=False)
        return said.stdout.strip()


def need_program(program):
    def need(tools):
        if not tools.which(program):
            raise Missing(N_("there is no {0} in this build"), program)
    return need


def need_option(program, option):
    def need(tools):
        if not tools.has_option(program, option):
            raise Missing(N_("the {0} of this build has no {1}"), program,
                          option)
    return need


def need_nft(tools):
    probe = subprocess.run(
        ["nft", "table inet probe { chain c { type filter hook input "
                "priority 0; tcp flags rst reject with tcp reset; }; }"],
        env=tools.environment, capture_output=True, check=False)
    if probe.returncode:
        raise Missing(N_("nft cannot set rules here: a kernel with nf_tables "
                         "is needed, and in a container CAP_NET_ADMIN"))
    subprocess.run(["nft", "delete", "table", "inet", "probe"], check=True,
                   env=tools.environment)


def need_raw(_tools):
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, 6).close()
    except PermissionError:
        raise Missing(N_("raw sockets are not allowed here: CAP_NET_RAW is "
                         "needed")) from None


def need_ipv6(_tools):
    if not os.path.exists("/proc/net/if_inet6"):
        raise Missing(N_("the kernel has no IPv6: start it without "
                         "ipv6.disable=1"))


def need_ss_kill(tools):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        subprocess.run(["ss", "-K", "-ltn", f"sport = :{port}"], check=False,
                       capture_output=True, env=tools.environment)
        info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)
    if info[0] != 7:  # CLOSED
        raise Missing(N_("ss -K kills nothing here: a kernel with "
                         "CONFIG_INET_DIAG_DESTROY is needed"))


NEEDS = {
    "synflow": need_program("synflow"),
    "synscan": need_program("synscan"),
    "synchat": need_program("synchat"),
    "synudp": need_program("synudp"),
    "oddsocket": need_program("oddsocket"),
    "impair": need_program("impair"),
    "ethtool": need_program("ethtool"),
    "connect": need_option("synscan", "--connect"),
    "compare": need_option("synscan", "--compare"),
    "explain": need_option("synscan", "--explain"),
    "pcap": need_option("synscan", "--pcap"),
    "nft": need_nft,
    "raw": need_raw,
    "ipv6": need_ipv6,
    "ss-kill": need_ss_kill,
}


class Machine:
    """Each need is looked at once."""

    def __init__(self, tools, no_network=None):
        self.tools, self.no_network = tools, no_network
        self.found = {}

    def look(self, need):
        try:
            NEEDS[need](self.tools)
        except Missing as missing:
            return missing
        return None

    def check(self, experiment):
        """Raises Missing for the first need that is not met."""
        if self.no_network:
            raise Missing(N_(
                "no network namespaces here: run it as root (sudo "
                "scripts/lab), or let ordinary users make them (sysctl "
                "user.max_user_namespaces, kernel.unprivileged_userns_clone, "
                "kernel.apparmor_restrict_unprivileged_userns)"))
        for need in ("synflow", "oddsocket", *experiment.needs):
            if need not in self.found:
                self.found[need] = self.look(need)
            if self.found[need]:
                raise self.found[need]
