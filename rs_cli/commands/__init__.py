"""The list of verbs. Adding a line here is how a verb joins `rs`.

A module is imported only when its verb is used (or asked for help), so that `rs send-file` never pays for the TUI.
Each module holds `app`, a `typer.Typer` with one command of the verb's name, or with a command for each sub-verb.
The order here is the order in `rs --help`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    name: str
    module: str
    summary: str  # one line for `rs --help`, so that help imports nothing


VERBS: tuple[Verb, ...] = (
    Verb("connect", "rs_cli.commands.connect", "Join a customer by the code they read to you, or come in at a device."),
    Verb("devices", "rs_cli.commands.devices", "The computers that you can reach when nobody is there."),
    Verb("unattended", "rs_cli.commands.unattended", "Be let in again when the customer is not there."),
    Verb(
        "agent-service",
        "rs_cli.commands.agent_service",
        "Make the customer's agent a service, which starts with their computer.",
    ),
    Verb("sessions", "rs_cli.commands.sessions", "List, open, ask in and end your sessions."),
    Verb("view", "rs_cli.commands.view", "See and control the customer's screen in a window."),
    Verb("share", "rs_cli.commands.share", "Show your screen to the customer."),
    Verb("privacy", "rs_cli.commands.privacy", "Blank the customer's screen, block their keyboard and mouse."),
    Verb("screenshot", "rs_cli.commands.screenshot", "Save a picture of the customer's screen."),
    Verb("record", "rs_cli.commands.record", "Record the customer's screen into a file."),
    Verb("play", "rs_cli.commands.play", "Play a recording in a window."),
    Verb("export", "rs_cli.commands.export", "Make an mp4 film of a recording."),
    Verb("send-file", "rs_cli.commands.send_file", "Send files or directories to the customer's computer."),
    Verb("get-file", "rs_cli.commands.get_file", "Fetch files or directories from the customer's computer."),
    Verb("cp", "rs_cli.commands.cp", "Copy files to or from the customer's computer: 3:path is a path there."),
    Verb("transfers", "rs_cli.commands.transfers", "List, pause, limit and retry what your rs programs move."),
    Verb("print", "rs_cli.commands.print", "Print files of the customer's on your own printer."),
    Verb("exec", "rs_cli.commands.exec", "Run a command on the customer's computer."),
    Verb("shell", "rs_cli.commands.shell", "Open a shell on the customer's computer."),
    Verb("ls", "rs_cli.commands.ls", "List folders of the customer's."),
    Verb("stat", "rs_cli.commands.stat", "Tell what a file or folder of the customer's is."),
    Verb("mkdir", "rs_cli.commands.mkdir", "Make folders on the customer's computer."),
    Verb("mv", "rs_cli.commands.mv", "Rename or move files of the customer's."),
    Verb("rm", "rs_cli.commands.rm", "Remove files of the customer's."),
    Verb("find", "rs_cli.commands.find", "Look for files on the customer's computer."),
    Verb("du", "rs_cli.commands.du", "Tell what takes the room on the customer's disk."),
    Verb("df", "rs_cli.commands.df", "Tell how much room the customer's disk has."),
    Verb("chat", "rs_cli.commands.chat", "Talk with the customer."),
    Verb("clipboard", "rs_cli.commands.clipboard", "Read or set the customer's clipboard."),
    Verb("info", "rs_cli.commands.info", "What the customer's computer is, and what to look at."),
    Verb("ps", "rs_cli.commands.ps", "The programs that run on the customer's computer."),
    Verb("kill", "rs_cli.commands.kill", "End programs of the customer's."),
    Verb("services", "rs_cli.commands.services", "See, start, stop and restart services of the customer's."),
    Verb("logs", "rs_cli.commands.logs", "Read and follow the log of the customer's system."),
    Verb("reboot", "rs_cli.commands.reboot", "Restart the customer's computer and come back into the session."),
    Verb("forward", "rs_cli.commands.forward", "Connections through the customer's computer: ports, SOCKS."),
    Verb("watch", "rs_cli.commands.watch", "Follow what happens in a session, line by line or as JSON."),
    Verb("help", "rs_cli.commands.help", "Explain a verb, or exit-codes, json, remote-paths, environment."),
    Verb("completion", "rs_cli.commands.completion", "Print the script of your shell's completion."),
    Verb("login", "rs_cli.commands.login", "Sign in to a relay."),
    Verb("logout", "rs_cli.commands.logout", "Forget a relay's token."),
)
