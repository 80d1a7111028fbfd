"""`make demo`: the main job, on real input, before your eyes.

An embedded relay, a customer's desktop (yours, or a virtual one with a window manager, a terminal and an editor), the
agent in a terminal whose questions are answered as a customer would, and a technician who joins by the code that the
agent really showed. Each step prints a line with what was proved; any failure is a non-zero exit. The pictures are in
out/demo: what the technician's *window* showed, and beside it what the customer's X server showed.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from tests.support.terminal import Terminal
from tests.support.xdesktop import XDesktop, until

OUT = Path(__file__).parents[2] / "out" / "demo"
BIN = Path(sys.executable).parent
SIZE = 100 * 1024 * 1024
CODE = re.compile(r"\b(\d{3,5}-\d{3}-\d{3})\b")
QUESTION = re.compile(r"\[y/N\]")
TYPED = "grüße, žluťoučký Ωμέγα €"  # on no one keyboard layout; and in the font that the set-up brings, for the picture


class Failed(Exception):
    """A step did not do what it must."""


class Steps:
    """Prints a line a step, with the time it took."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._started = time.monotonic()
        self._n = 0

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[list[str]]:
        self._n += 1
        proof: list[str] = []
        self._console.print(f"[bold]{self._n:2}.[/] {text} …", end="")
        began = time.monotonic()
        try:
            yield proof
        except BaseException:
            self._console.print(" [bold red]failed[/]")
            raise
        detail = f": {proof[0]}" if proof else ""
        self._console.print(f" [green]yes[/]{detail} [dim]({time.monotonic() - began:.1f} s)[/]")

    def say(self, text: str) -> None:
        self._console.print(text)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started


def need(condition: object, what: str) -> None:
    if not condition:
        raise Failed(what)


class Stage:
    """Everything that runs: relay, desktops, agent; and the technician's commands."""

    def __init__(self, folder: Path, out: Path) -> None:
        self.folder, self.out = folder, out
        self.exit = contextlib.ExitStack()
        self.home = folder / "customer"
        self.home.mkdir()
        self.relay = ""
        self.session = ""
        self.agent: Terminal | None = None

    def environment(self, name: str, **more: str) -> dict[str, str]:
        """A person's environment: their own folders, this relay."""
        kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY")}
        folders = {
            "RS_STATE_DIR": str(self.folder / name / "state"),
            "RS_CONFIG_DIR": str(self.folder / name / "config"),
        }
        return {**kept, **folders, "RS_RELAY": self.relay, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **more}

    def start_relay(self) -> str:
        url = self.folder / "relay.url"
        log = self.exit.enter_context((self.folder / "relay.log").open("wb"))
        command = [BIN / "rs-relay", "serve", "--open", "--listen", "127.0.0.1:0", "--data", self.folder / "relay"]
        process = subprocess.Popen([*command, "--port-file", url], stdout=log, stderr=log)
        self.exit.callback(_stop, process)
        until(url.exists, "the relay to listen")
        self.relay = url.read_text().strip()
        return self.relay

    def start_desktops(self) -> str:
        """The customer's and the technician's. Returns what the customer's is."""
        self.technicians = self.exit.enter_context(XDesktop((1360, 860), wm=True))
        self.technicians.have_keys_for(TYPED)
        given = os.environ.get("DISPLAY", "")
        if given:
            self.display, self.customers = given, None
            return f"your own display {given}"
        self.customers = self.exit.enter_context(XDesktop((1280, 800), wm=True))
        self.display = self.customers.display
        self.customers.run("xsetroot", "-solid", "#3a5a78")
        if shutil.which("mousepad"):
            note = self.home / "shopping list.txt"
            note.write_text("milk\nbread\nwhatever the printer wants this time\n", encoding="utf-8")
            self.customers.spawn("mousepad", "--disable-server", str(note), env={"HOME": str(self.home)})
            self.customers.wait_for_window("shopping list")  # later it would take the terminal's keyboard
        return f"a virtual one, {self.display}, 1280×800"

    def on_customers(self, *command: str, text: str | None = None) -> str:
        env = {**os.environ, "DISPLAY": self.display}
        # xclip stays to serve what it was given: a pipe would be held open by it, a terminal would hear its last words
        out, nowhere = subprocess.PIPE if text is None else subprocess.DEVNULL, subprocess.DEVNULL
        done = subprocess.run(
            command, input=text, env=env, check=True, stdout=out, stderr=nowhere, encoding="utf-8", timeout=30
        )
        return done.stdout or ""

    def start_agent(self) -> str:
        env = self.environment("customer", DISPLAY=self.display, HOME=str(self.home))
        settings = self.folder / "customer" / "config" / "agent.toml"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("brakes = false\n", encoding="utf-8")  # what is asked here is answered at once
        self.agent = self.exit.enter_context(Terminal([str(BIN / "rs-agent"), "--console"], env, columns=110))
        code = self.agent.wait_for(CODE.pattern, 30).group(1)
        threading.Thread(target=self._customer, daemon=True).start()
        return code

    def _customer(self) -> None:
        """Reads the agent's questions and says yes to each, as a customer who trusts the caller does."""
        if self.agent is None:
            return
        answered = 0
        while self.agent.process.poll() is None:
            asked = len(QUESTION.findall(self.agent.text))
            if asked > answered:
                time.sleep(0.3)  # a person reads first
                self.agent.type("y\n")
                answered += 1
            time.sleep(0.05)

    def rs(self, *arguments: str, text: str | None = None, timeout: float = 90) -> str:
        """One command of the technician's. Its standard output."""
        env = self.environment("technician")
        done = subprocess.run(
            [BIN / "rs", *arguments],
            input=text,
            env=env,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )
        if done.returncode:
            raise Failed(f"`rs {arguments[0]}` ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def in_terminal(self, *arguments: str) -> Terminal:
        """The same in a terminal of its own, where progress is shown."""
        return Terminal([str(BIN / "rs"), *arguments], self.environment("technician"), columns=100)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def play(stage: Stage, steps: Steps) -> None:
    _set_the_stage(stage, steps)
    _join(stage, steps)
    _see_and_type(stage, steps)
    _talk(stage, steps)
    _move_a_file(stage, steps)
    with steps.step("the technician lists their sessions") as proof:
        listed = json.loads(stage.rs("sessions", "list", "--json"))
        need([str(s["session"]) for s in listed] == [stage.session], "the session is not in the list")
        proof.append(f"session {stage.session}, {listed[0]['state']}")


def _set_the_stage(stage: Stage, steps: Steps) -> None:
    with steps.step("a relay on this computer") as proof:
        proof.append(stage.start_relay())
    with steps.step("the customer's desktop, and one for the technician's window") as proof:
        proof.append(stage.start_desktops())


def _join(stage: Stage, steps: Steps) -> None:
    with steps.step("the customer starts rs-agent, which shows a code") as proof:
        code = stage.start_agent()
        proof.append(code)
    with (
        steps.step("the technician types it into `rs connect`") as proof,
        stage.in_terminal("connect", "--no-tui") as t,
    ):
        t.wait_for(r"(?i)code")
        t.type(code + "\n")
        need(t.wait(60) == 0, f"rs connect failed: {t.text}")
        stage.session = t.text.strip().splitlines()[-1].strip()
        need(stage.session.isdigit(), "no session number was printed")
        proof.append(f"session {stage.session}")
    with steps.step("the customer allows view, control, clipboard and files, one by one") as proof:
        answers = json.loads(
            stage.rs("sessions", "ask", stage.session, "view", "control", "clipboard", "files", "--json")
        )["permissions"]
        need(set(answers.values()) == {"granted"}, f"not all was granted: {answers}")
        proof.append("asked in their terminal, answered there")


def _see_and_type(stage: Stage, steps: Steps) -> None:
    effect = stage.folder / "typed"
    look = ["-T", "customer-shell", "-geometry", "90x9+40+560", "-fa", "DejaVu Sans Mono", "-fs", "11"]
    shell = {"DISPLAY": stage.display, "LC_ALL": "C.UTF-8", "HOME": str(stage.home), "PS1": r"customer:\w\$ "}
    xterm = subprocess.Popen(
        ["xterm", *look, "-e", "bash", "--norc"],  # the usual .bashrc renames the window
        env={**os.environ, **shell},
        cwd=stage.home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stage.exit.callback(_stop, xterm)
    window = until(
        lambda: stage.on_customers("xdotool", "search", "--sync", "--name", "customer-shell").split(), "a terminal"
    )[-1]
    with steps.step("the technician opens the screen window") as proof:
        env = stage.environment("technician", DISPLAY=stage.technicians.display)
        log = stage.exit.enter_context((stage.folder / "view.log").open("wb"))
        view = subprocess.Popen([BIN / "rs", "view", stage.session], env=env, stdout=log, stderr=log)
        stage.exit.callback(_stop, view)
        title = stage.technicians.wait_for_window(f"^{stage.session} ")
        proof.append(f"“{stage.technicians.run('xdotool', 'getwindowname', str(title)).stdout.strip()}”")
        stage.technicians.run("xdotool", "windowactivate", "--sync", str(title))
        time.sleep(1.0)
    with steps.step("typed into that window, a command runs in the customer's terminal") as proof:
        stage.on_customers("xdotool", "windowactivate", "--sync", window)
        stage.technicians.run("xdotool", "windowfocus", "--sync", str(title))
        stage.technicians.run("xdotool", "type", "--delay", "25", f"echo '{TYPED}' > {effect}")
        stage.technicians.run("xdotool", "key", "Return")
        until(lambda: effect.exists() and effect.read_bytes().endswith(b"\n"), "the command's effect", 20)
        got = effect.read_text(encoding="utf-8")
        need(got == f"{TYPED}\n", f"the effect is not what was typed: {got!r}")
        proof.append(f"a file there holds {got.strip()!r}")
    with steps.step("pictures of the technician's window and of the customer's screen") as proof:
        time.sleep(0.7)  # lossless refinement has come to rest
        stage.technicians.screenshot(stage.out / "technicians-window.png")
        _photograph(stage.display, stage.out / "customers-screen.png")
        stage.rs("screenshot", stage.session, str(stage.out / "rs-screenshot.png"), "--overwrite")
        proof.append(f"{_relative(stage.out)}/*.png")


def _photograph(display: str, path: Path) -> None:
    import mss
    from PIL import Image

    with mss.MSS(display=display) as screen:
        shot = screen.grab(screen.monitors[0])
    Image.frombytes("RGB", shot.size, shot.rgb).save(path)


def _relative(path: Path) -> str:
    with contextlib.suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def _talk(stage: Stage, steps: Steps) -> None:
    agent = stage.agent
    if agent is None:
        raise Failed("there is no agent")
    with steps.step("chat, both ways") as proof:
        stage.rs("chat", stage.session, "Good day, this is Alice from support.")
        agent.wait_for("Good day, this is Alice from support")
        agent.type("the printer is on fire\n")

        def heard() -> bool:
            return "the printer is on fire" in stage.rs("chat", stage.session, "--history", "--json")

        until(heard, "the customer's line", 20)
        proof.append("each side read the other's line")
    with steps.step("the clipboard, both ways") as proof:
        stage.rs("clipboard", "set", stage.session, "from the technician: ñandú 42")
        got = stage.on_customers("xclip", "-selection", "clipboard", "-o")
        need(got == "from the technician: ñandú 42", f"the customer's clipboard holds {got!r}")
        stage.on_customers("xclip", "-selection", "clipboard", "-i", text="from the customer: ☂")
        got = stage.rs("clipboard", "get", stage.session)
        need(got.rstrip("\n") == "from the customer: ☂", f"the technician got {got!r}")
        proof.append("xclip and rs agree")


def _move_a_file(stage: Stage, steps: Steps) -> None:
    sent = stage.folder / "backup.img"
    with sent.open("wb") as file:
        for _ in range(SIZE // (1 << 20)):
            file.write(os.urandom(1 << 20))
    with steps.step("a file of 100 MB goes to the customer, with a progress bar") as proof:
        began = time.monotonic()
        with stage.in_terminal("send-file", stage.session, str(sent)) as t:
            need(t.wait(90) == 0, f"rs send-file failed: {t.text[-500:]}")
            need(re.search(r"\d+(\.\d+)? ?%|MB/s", t.text), "no progress was shown")
        seconds = time.monotonic() - began
        arrived = [p for p in stage.home.rglob("backup*.img") if p.is_file()]
        need(len(arrived) == 1, f"it did not arrive once: {len(arrived)}")
        need(_sha256(arrived[0]) == _sha256(sent), "what arrived is not what was sent")
        proof.append(f"SHA-256 equal, {SIZE / 1e6 / seconds:.0f} MB/s with start-up")
    with steps.step("and comes back") as proof:
        back = stage.folder / "back.img"
        stage.rs("get-file", stage.session, str(arrived[0]), str(back))
        need(_sha256(back) == _sha256(sent), "what came back is not what was sent")
        proof.append("SHA-256 equal")


def _end(stage: Stage, steps: Steps) -> None:
    agent = stage.agent
    if agent is None:
        raise Failed("there is no agent")
    with steps.step("the technician ends the session; nothing stays at the customer's") as proof:
        stage.rs("sessions", "end", stage.session)
        status = agent.wait(20)
        need(status == 0, f"the agent ended with {status}: {agent.text[-500:]}")
        proof.append("rs-agent has gone")


def main() -> int:
    arguments = argparse.ArgumentParser(description="A whole support session on this computer.")
    arguments.add_argument("--keep", action="store_true", help="stay up, and open the dashboard")
    arguments.add_argument("--out", type=Path, default=OUT, help="where the pictures go")
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    steps = Steps()
    folder = Path(tempfile.mkdtemp(prefix="rs-demo-"))
    stage = Stage(folder, given.out)
    try:
        with stage.exit:
            play(stage, steps)
            if given.keep:
                steps.say(
                    f"\nAll done in {steps.seconds:.0f} s. The dashboard opens; leave it with q to end everything."
                )
                time.sleep(2)
                env = stage.environment("technician", DISPLAY=os.environ.get("DISPLAY", stage.technicians.display))
                subprocess.run([BIN / "rs"], env=env, check=False)
            _end(stage, steps)
    except (Failed, AssertionError, TimeoutError, OSError, subprocess.SubprocessError) as e:
        steps.say(f"\nThe demo failed: {e}")
        steps.say(f"Logs are in {folder}")
        return 1
    except KeyboardInterrupt:
        shutil.rmtree(folder, ignore_errors=True)
        steps.say("\nStopped.")
        return 130
    shutil.rmtree(folder, ignore_errors=True)
    steps.say(f"\nA whole support session in {steps.seconds:.0f} s. Pictures: {_relative(given.out)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
