"""Examples of every verb, for the manual pages and for whoever reads. A test parses each line."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "connect": (
        ("rs connect", "Ask for the code, so that it is in no history and no list of processes."),
        ("rs connect --no-tui --json", "For a script: the session's number, as JSON."),
        ("rs connect 'Lyon/till 1'", "Come in at a device; its access code is asked for."),
    ),
    "devices": (
        ("rs devices list --online --tag shop", "Those that are here now."),
        ("rs devices add rsd_… --name 'till 1'", "By the address that `rs-agent unattended status` shows."),
    ),
    "agent-service": (
        ("rs agent-service install 3", "They are asked, and type the administrator's password there."),
        ("rs agent-service status 3", "Whether there is one, and whether it runs."),
    ),
    "unattended": (("rs unattended enable 3 --name 'till 1'", "They are asked, and read the access code to you."),),
    "sessions": (
        ("rs sessions list --json", "All your sessions, for a program."),
        ("rs sessions ask 3 files shell", "Ask the customer, and wait for the answer."),
        ("rs sessions end 3 --reason 'All done, goodbye!'", "End it at both computers."),
    ),
    "view": (("rs view 3", "The customer's screen in a window; F8 is its menu."),),
    "share": (("rs share 3", "The customer looks at your screen, after their yes."),),
    "privacy": (("rs privacy 3 --blank", "Their screen is dark until Ctrl-C."),),
    "screenshot": (("rs screenshot 3 now.png", "A PNG of what is there now."),),
    "record": (("rs record 3 support.rsrec --seconds 60", "A minute of the screen."),),
    "play": (("rs play support.rsrec", "In a window."),),
    "export": (("rs export support.rsrec support.mp4", "A film that any player plays."),),
    "send-file": (("rs send-file 3 report.pdf drivers/", "Files and whole folders."),),
    "get-file": (
        ("rs get-file 3 Documents ./copies", "A whole folder, into ./copies."),
        ("rs get-file 3 log.txt - | grep -i error", "Into a pipe."),
    ),
    "cp": (("rs cp 3:notes.txt ./notes.txt", "From the customer's computer to this one."),),
    "transfers": (("rs transfers list", "What is under way."),),
    "print": (
        ("rs print 3:report.pdf --wait", "On your default printer, and wait until it is printed."),
        ("rs print 3:a.pdf 3:b.pdf --printer Office -o sides=two-sided-long-edge", "Two files, on both sides."),
        ("rs print --list", "Your printers."),
    ),
    "exec": (("rs exec 3 -- uname -a", "Ends with the command's own exit status."),),
    "shell": (("rs shell 3", "A terminal there."),),
    "ls": (("rs ls 3:Documents", "What is in the folder."),),
    "stat": (("rs stat 3:notes.txt", "Size, time, kind."),),
    "mkdir": (("rs mkdir 3:new", "A folder."),),
    "mv": (("rs mv 3:old.txt 3:new.txt", "Rename."),),
    "rm": (("rs rm 3:old.txt", "Remove a file."),),
    "find": (("rs find 3:Documents", "Everything below a folder."),),
    "du": (("rs du 3:", "What takes the room."),),
    "df": (("rs df 3:", "How much room there is."),),
    "chat": (
        ("rs chat 3 'One moment, please.'", "Say a line; ends when it has arrived."),
        ("rs chat 3 --follow --json", "Lines as they come, one object a line."),
    ),
    "clipboard": (
        ("rs clipboard get 3 --formats", "What is there, with sizes."),
        ("rs clipboard get 3 --image picture.png", "The picture."),
        ("rs clipboard set 3 'ls -l'", "A text."),
        ("rs clipboard set 3 --files report.pdf drivers", "Sends them, and puts them on the clipboard."),
        ("rs clipboard watch 3", "What is copied at one end can be pasted at the other, until Ctrl-C."),
    ),
    "reboot": (
        ("rs reboot 3 --wait", "Restart, and wait until the computer is back in the session."),
        ("rs reboot 3 --delay 60 --reason 'To finish the update'", "A minute to save what is open."),
    ),
    "forward": (("rs forward 3 8080:localhost:80", "Port 8080 here is port 80 there."),),
    "info": (("rs info 3 --json", "What that computer is."),),
    "ps": (("rs ps 3", "What runs there."),),
    "kill": (("rs kill 3 4711", "End a process."),),
    "services": (("rs services 3", "The services there."),),
    "logs": (("rs logs 3 -f", "The journal, as it grows."),),
    "watch": (
        ("rs watch 3", "What happens in the session, line by line."),
        ("rs watch --json", "All sessions, one object a line, until they have ended."),
    ),
    "completion": (('eval "$(rs completion bash)"', "In ~/.bashrc."), ("rs completion fish | source", "In fish.")),
    "help": (("rs help exit-codes", "What each exit status means."), ("rs help sessions ask", "One verb.")),
    "login": (("rs login wss://relay.example.org", "Asks for the token, and keeps it."),),
    "logout": (("rs logout", "Forget it."),),
}
