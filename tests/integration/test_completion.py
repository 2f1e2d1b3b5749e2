"""Completion: the scripts are run by the shells themselves."""
import os
import pty
import re
import select
import subprocess
import time
import unittest

import clarion
import store

# (what is typed, what is offered with others, what is not)
QUESTIONS = [
    ("sc", ["scan"], ["serve", "feeds"]),
    ("check", ["check-config"], []),
    ("scan --fail-on hi", ["high"], ["critical"]),
    ("scan --sort e", ["epss"], ["cvss"]),
    ("scan --only-f", ["--only-fixed"], ["--only-code"]),
    ("feeds --js", ["--json-logs"], []),
    ("scan docker-a", ["docker-archive:"], ["oci:"]),
    ("scan --output report.j", ["report.json"], ["report.txt"]),
    ("scan dir:ro", ["root/"], ["report.json"]),
    ("feeds --data ro", ["root/"], ["report.json"]),
    ("update deb", ["debian"], ["epss", "report.json"]),
    ("update epss osv-cr", ["osv-crates"], []),
    ("advisories ro", ["rollback"], ["root/", "show"]),
    ("completion ", ["bash", "zsh", "fish"], ["root/"]),
    ("help expl", ["explain"], []),
    ("diff report.t", ["report.txt"], ["report.json"]),
    ("serve --mode match", ["matcher"], []),
    ("feeds ro", [], ["root/", "rollback"]),
]


def strip(words):
    """Names of folders with and without a slash are the same; so is a file behind the kind that it was typed after."""
    return {word.rstrip("/").removeprefix("dir:") for word in words}


class Completion(clarion.Case):
    def setUp(self):
        super().setUp()
        self.folder = self.path("here")
        os.makedirs(os.path.join(self.folder, "root"))
        for name in ("report.json", "report.txt"):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8"):
                pass
        bin_folder = self.path("bin")
        os.makedirs(bin_folder)
        os.symlink(os.path.abspath(clarion.BINARY), os.path.join(bin_folder, "clarion"))
        self.environment = store.environment(self.data, {
            "CLARION_DATA": self.data, "PATH": bin_folder + ":" + os.environ["PATH"], "HOME": self.folder, "TERM": "dumb"})

    def script(self, shell):
        r = self.run_clarion("completion", shell)
        self.assertEqual((r.code, r.err), (0, ""))
        return r.out

    def shell(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder, env=self.environment, timeout=60,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.stderr, "")
        return done.stdout.split("\n")[:-1]

    def ask_all(self, ask):
        for typed, offered, not_offered in QUESTIONS:
            answer = strip(ask("clarion " + typed))
            self.assertLessEqual(strip(offered), answer, typed)
            self.assertFalse(strip(not_offered) & answer, (typed, answer))

    def index_one(self):
        r = self.run_clarion("index", self.image(clarion.debian_layer(clarion.stanza("x", "1"))))
        self.assertEqual(r.code, 0, r)
        return self.run_clarion("images", "--format", "json").doc["images"][0]["digest"]

    # ---- bash ------------------------------------------------------------------------------------------------------------

    def bash(self, line):
        """As readline calls it: it cuts words at the characters of COMP_WORDBREAKS."""
        words = re.findall(r"[^\s=:]+|[=:]+", line) + ([""] if line[-1] in " =:" else [])
        ask = '%s\nCOMP_WORDS=(%s); COMP_CWORD=%d COMP_LINE=%s COMP_POINT=%d; _clarion; printf "%%s\\n" "${COMPREPLY[@]}"' % (
            self.script("bash"), " ".join("'%s'" % w for w in words), len(words) - 1, "'%s'" % line, len(line))
        return [x for x in self.shell("bash", "--norc", "-c", ask) if x]

    def test_bash(self):
        self.ask_all(self.bash)
        self.assertEqual(self.bash("clarion scan --format=js"), ["json"])
        self.assertEqual(self.bash("clarion scan --sort=e"), ["epss"])
        self.assertEqual(self.bash("clarion scan -f js"), ["json"])
        self.assertEqual(self.bash("clarion scan oci-archive:report.j"), ["report.json"])  # readline has "oci-archive:" already
        self.assertEqual(self.bash("clarion explain nothing "), self.bash("clarion index "))

    def test_bash_digests(self):
        self.assertEqual(self.bash("clarion report "), [])
        digest = self.index_one()
        self.assertEqual(self.bash("clarion report sha"), [digest[:19]])
        self.assertEqual(self.bash("clarion report " + digest[:12]), [digest[7:19]])

    def test_bash_runs_no_names(self):
        """Names are a registry's: what is written in one is no command."""
        with open(os.path.join(self.folder, "clarion"), "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\necho DIGEST NAMES\necho sha256:010ae7fbe64f a:1\necho '   a:$(touch${IFS}ran)'\n")
            os.chmod(f.name, 0o755)
        self.assertEqual(self.bash("./clarion report "), ["sha256:010ae7fbe64f"])
        self.assertFalse(os.path.exists(os.path.join(self.folder, "ran")))

    # ---- fish ------------------------------------------------------------------------------------------------------------

    def fish(self, line):
        path = self.path("clarion.fish")
        if not os.path.exists(path):
            with open(path, "w", encoding="utf-8") as f:
                f.write(self.script("fish"))
        lines = self.shell("fish", "--no-config", "-c", "source %s; complete -C %s" % (path, "'%s'" % line))
        return [x.split("\t")[0] for x in lines]

    @clarion.need_tool("fish")
    def test_fish(self):
        self.ask_all(self.fish)
        self.assertEqual(self.fish("clarion help scan --fo"), [])
        digest = self.index_one()
        self.assertEqual(self.fish("clarion report sha"), [digest[:19]])

    # ---- zsh -------------------------------------------------------------------------------------------------------------

    @clarion.need_tool("zsh")
    def test_zsh(self):
        with open(os.path.join(self.folder, "_clarion"), "w", encoding="utf-8") as f:
            f.write(self.script("zsh"))
        with Zsh(self) as zsh:
            self.ask_all(zsh.ask)
            digest = self.index_one()
            self.assertEqual(zsh.ask("clarion report sha"), [digest[:19]])


class Zsh:
    """An interactive zsh whose completion prints what it would offer, since only the line editor completes."""

    # What completion functions call `compadd` with is told before it is shown; -A, -O and -D only ask what would fit.
    SETUP = r"""
PS1= PROMPT_EOL_MARK=; unsetopt prompt_cr prompt_sp; unset zle_bracketed_paste
fpath=($PWD $fpath)
autoload -Uz compinit; compinit -u -D
compadd() {
    local -a found
    if (( ${@[(I)-[OAD]]} )) { builtin compadd "$@"; return }
    builtin compadd -A found "$@"
    (( $#found )) && print -rl -- offer:$^found > /dev/tty
    builtin compadd "$@"
}
tell() { _main_complete; print -r -- "offer:END" > /dev/tty }
zle -C tell list-choices tell; bindkey '^X' tell; bindkey '^U' kill-whole-line
print -r -- "offer:""END"
"""

    def __init__(self, case):
        self.case = case

    def __enter__(self):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(self.case.folder)
            os.execvpe("zsh", ["zsh", "-f", "-i"], self.case.environment)
        with open(os.path.join(self.case.folder, "setup.zsh"), "w", encoding="utf-8") as f:
            f.write(self.SETUP)
        os.write(self.fd, b"source ./setup.zsh\n")
        self.read()
        return self

    def __exit__(self, *_):
        os.close(self.fd)
        os.waitpid(self.pid, 0)

    def read(self):
        text, end = "", time.monotonic() + 15
        while "offer:END" not in text:
            if not select.select([self.fd], [], [], end - time.monotonic())[0]:
                raise TimeoutError(text)
            text += os.read(self.fd, 65536).decode()
        return text

    def ask(self, line):
        os.write(self.fd, b"\x15" + line.encode() + b"\x18")
        return [x for x in re.findall(r"offer:([^\r\n]+)", self.read()) if x != "END"]


if __name__ == "__main__":
    unittest.main()
