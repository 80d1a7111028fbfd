"""`rs clipboard get|set|watch SESSION`: the customer's clipboard as a pipe: text, pictures, marked-up text, files."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rs_cli.command_line.options import REACH, AsJson, Number, Timeout
from rs_cli.doing.reach import reach, step_back
from rs_cli.features.clipboard import Clipboard, system_clipboard
from rs_cli.features.clips import Clips
from rs_cli.state.private import write_private
from rs_cli.terminal import output
from rs_relay.channels.clipboard import MAX_TEXT, SYNC_LIMIT
from rs_relay.channels.clips import Format, Offered
from rs_relay.clipboard.image import check_header, png
from rs_relay.errors import LocalProblem, NoSuchSession, TooLarge, UsageError
from rs_relay.text import printable
from rs_relay.transfer.part import amount

if TYPE_CHECKING:
    from rs_cli.command_line.answers import Copied

app = typer.Typer(no_args_is_help=True, help="Read, set or share the customer's clipboard.")
NAMES = {Format.HTML: "HTML", Format.RTF: "RTF", Format.IMAGE: "picture"}  # what `_fetch` fetches
MAX_IMAGE = 64 * 1024 * 1024  # bytes of an encoded picture


@app.command()
def get(
    session: Number,
    formats: Annotated[bool, typer.Option("--formats", help="Only tell what is there, with sizes.")] = False,
    image: Annotated[
        str, typer.Option("--image", metavar="FILE", help="Save the picture as a PNG; `-` is standard output.")
    ] = "",
    files: Annotated[
        Path | None,
        typer.Option("--files", metavar="DIR", file_okay=False, exists=True, help="Fetch the copied files into DIR."),
    ] = None,
    html: Annotated[bool, typer.Option("--html", help="Print it as HTML, as the customer's program gave it.")] = False,
    rtf: Annotated[bool, typer.Option("--rtf", help="Print it as RTF.")] = False,
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> int:
    """Print the customer's clipboard, or fetch a picture or files from it.

    In a pipe a text comes out as it is, without a line break added. FILE is replaced if it is there."""
    _one_of(formats, image, files, html, rtf)
    if image == "-" and (as_json or output.is_terminal()):
        raise UsageError("A picture is written to a file or a pipe.", "Name a file instead of `-`.")
    if formats:
        _tell_formats(asyncio.run(_look(session, timeout)), as_json)
    elif image:
        _save(image, asyncio.run(_fetch(session, Format.IMAGE, timeout)), as_json)
    elif files is not None:
        return _fetch_files(session, files, as_json, timeout)
    elif html or rtf:
        wanted = Format.HTML if html else Format.RTF
        data = asyncio.run(_fetch(session, wanted, timeout))
        _print(data.decode("utf-8", "replace"), str(wanted), as_json)
    else:
        text = asyncio.run(_get(session, timeout))
        _print(text, "text", as_json)
        if not text:
            output.note(
                f"There is no text on the customer's clipboard; `rs clipboard get {session} --formats` tells more."
            )
    return 0


@app.command("set")
def set_(
    session: Number,
    text: Annotated[
        str, typer.Argument(metavar="[TEXT]", help="The text; `-` or nothing reads standard input.", show_default=False)
    ] = "-",
    image: Annotated[
        str, typer.Option("--image", metavar="FILE", help="A picture instead; `-` reads standard input.")
    ] = "",
    files: Annotated[
        list[Path] | None,
        typer.Option("--files", metavar="PATH", help="Send files or folders and put them there; may be repeated."),
    ] = None,
    html: Annotated[
        bool, typer.Option("--html", help="The text is HTML; programs that want plain text get it bare.")
    ] = (False),
    as_json: AsJson = False,
    timeout: Timeout = REACH,
) -> int:
    """Put a text, a picture or files on the customer's clipboard. The customer is told."""
    _one_of(image, files, html)
    if files:
        if text != "-":
            files = [*files, Path(text)]  # `--files a b`: what follows reads as the text
        return _send_files(session, files, as_json, timeout)
    if image:
        if text != "-":
            raise UsageError("A picture or a text, not both.", "`rs clipboard set 3 --image FILE`")
        data = _picture(image)
        asyncio.run(_put_clips(session, {Format.IMAGE: data}, timeout))
        size = len(data)
    else:
        text = _stdin() if text == "-" else text
        if html:
            asyncio.run(_put_clips(session, {Format.TEXT: bare(text).encode(), Format.HTML: text.encode()}, timeout))
        else:
            asyncio.run(_put(session, text, timeout))
        size = len(text.encode())
    if as_json:
        output.data({"bytes": size})
    return 0


@app.command()
def watch(session: Number, as_json: AsJson = False, timeout: Timeout = REACH) -> None:
    """Keep the text of both clipboards the same until Ctrl-C: what is copied at one end can be pasted at the other.

    What was there before stays where it is. A text over 1 MB, a picture or files are told with their size, and fetched
    by `rs clipboard get`."""
    from msgspec import to_builtins

    from rs_cli.doing.alike import Alike

    def tell(copied: Copied) -> None:
        if as_json:
            output.data(to_builtins(copied))
        else:
            output.answer(_crossed(copied))

    alike = Alike(session, system_clipboard(), tell)

    async def go() -> None:
        async with reach(session, timeout) as open_session:
            await alike.keep(open_session, lambda: output.progress("Both clipboards are shared. Ctrl-C ends it."))

    asyncio.run(go())


def _crossed(copied: Copied) -> str:
    at = datetime.fromtimestamp(copied.at).strftime("%H:%M:%S")
    theirs = copied.direction == "get"
    line = f"{at} {'from' if theirs else 'to'} the customer: {copied.format}, {amount(copied.bytes)}"
    if copied.copied:
        return line
    if not theirs:
        large = copied.bytes > SYNC_LIMIT
        return f"{line}, not sent: {'too large to go by itself' if large else 'it was not taken there'}"
    options = {"image": " --image FILE", "files": " --files FOLDER"}
    return f"{line}; `rs clipboard get {copied.session}{options.get(copied.format, '')}` fetches it"


def _one_of(*asked: object) -> None:
    if sum(1 for one in asked if one) > 1:
        raise UsageError("One thing at a time.", "One of --formats, --image, --files, --html, --rtf.")


def _print(text: str, kind: str, as_json: bool) -> None:
    if as_json:
        output.data({kind: text})
    elif output.is_terminal():
        output.answer(printable(text, MAX_TEXT, lines=True))
    else:
        sys.stdout.buffer.write(text.encode())


def _tell_formats(offered: Offered, as_json: bool) -> None:
    if as_json:
        output.data(
            {
                "formats": [{"format": str(i.format), "bytes": i.size, "fits": i.fits} for i in offered.items],
                "files": offered.files,
                "folders": offered.folders,
                "files_bytes": offered.files_size,
            }
        )
        return
    if not offered.items:
        output.note("The customer's clipboard is empty.")
    output.table(
        ("format", "size"), ({"format": str(i.format), "size": size_of(offered, i.format)} for i in offered.items)
    )


def size_of(offered: Offered, kind: Format) -> str:
    """For a person: `files` are counted, the rest is bytes."""
    if kind is Format.FILES:
        counts = [(offered.files, "file"), (offered.folders, "folder")]
        words = [f"{n} {what}{'s' if n != 1 else ''}" for n, what in counts if n] or ["nothing that is there"]
        return f"{', '.join(words)} ({amount(offered.files_size)})"
    item = next(item for item in offered.items if item.format is kind)
    return amount(item.size) + ("" if item.fits else ", too large to fetch")


def _save(file: str, data: bytes, as_json: bool) -> None:
    if file == "-":
        sys.stdout.buffer.write(data)
        return
    write_private(Path(file), data)
    if as_json:
        output.data({"file": file, "bytes": len(data)})
    else:
        output.answer(file)


def _stdin() -> str:
    data = sys.stdin.buffer.read(MAX_TEXT + 1)
    if len(data) > MAX_TEXT:
        raise TooLarge(f"A clipboard takes at most {MAX_TEXT} bytes.", "Send it as a file: `rs send-file`.")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise UsageError("That is not text (UTF-8).", "A picture: `--image -`. Else: `rs send-file`.") from None


def _picture(file: str) -> bytes:
    """A PNG of what is in the file. Raises UsageError, LocalProblem, TooLarge."""
    try:
        with sys.stdin.buffer if file == "-" else open(file, "rb") as source:
            data = source.read(MAX_IMAGE + 1)
    except FileNotFoundError:
        raise UsageError("There is no such file here.", f"Look at the path: {file}") from None
    except OSError as e:
        raise LocalProblem(f"{printable(file, 100)} cannot be read: {e.strerror}.") from e
    if len(data) > MAX_IMAGE:
        raise TooLarge(f"A clipboard takes a picture of at most {MAX_IMAGE} bytes.", "Send it: `rs send-file`.")
    return png(data)


def bare(html: str) -> str:
    """The text of it, for programs that want no more."""
    from html.parser import HTMLParser

    class Words(HTMLParser):
        found = ""

        def handle_data(self, data: str) -> None:
            self.found += data

    parser = Words(convert_charrefs=True)
    parser.feed(html)
    parser.close()
    return parser.found


async def _get(number: int, timeout: float) -> str:
    clipboard = Clipboard()
    async with reach(number, timeout) as session:
        return await session.during(clipboard, clipboard.get())


async def _put(number: int, text: str, timeout: float) -> None:
    clipboard = Clipboard()
    async with reach(number, timeout) as session:
        await session.during(clipboard, clipboard.put(text))


async def _look(number: int, timeout: float) -> Offered:
    clips = Clips()
    async with reach(number, timeout) as session:
        return await session.during(clips, clips.look())


async def _fetch(number: int, wanted: Format, timeout: float) -> bytes:
    clips = Clips()

    async def work() -> bytes:
        offered = await clips.look()
        item = next((item for item in offered.items if item.format is wanted), None)
        if item is None:
            there = ", ".join(str(item.format) for item in offered.items)
            hint = f"There is: {there}." if there else "It is empty."
            raise NoSuchSession(f"There is no {NAMES[wanted]} on the customer's clipboard.", hint)
        if not item.fits:
            raise TooLarge(f"That has {item.size} bytes, too many for a clipboard.", "Ask for a file: `rs get-file`.")
        output.progress(f"Fetching {size_of(offered, wanted)} …")
        data = await clips.fetch(offered, wanted)
        if wanted is Format.IMAGE:
            check_header(data)
        return data

    async with reach(number, timeout) as session:
        return await session.during(clips, work())


async def _put_clips(number: int, contents: dict[Format, bytes], timeout: float) -> None:
    clips = Clips()
    async with reach(number, timeout) as session:
        await session.during(clips, clips.put(contents))


def _fetch_files(number: int, folder: Path, as_json: bool, timeout: float) -> int:
    return _transfer(number, as_json, timeout, lambda files, clips, session: _all_files(files, clips, session, folder))


def _send_files(number: int, paths: list[Path], as_json: bool, timeout: float) -> int:
    from rs_cli.transfers.report import Report

    for path in paths:
        if not os.path.lexists(path):
            raise UsageError("There is no such file here.", f"Look at the path: {path}")

    async def send(files: Any, clips: Clips, session: Any) -> Any:
        total = Report()
        names: list[str] = []
        for path in paths:
            report = await session.during(files, files.send([str(path)]))
            names += landed(report)
            total.add(report)
        if names:
            await session.during(clips, clips.put_files(tuple(names)))
        return total

    return _transfer(number, as_json, timeout, send)


async def _all_files(files: Any, clips: Clips, session: Any, folder: Path) -> Any:
    from rs_cli.transfers.report import Report

    offered = await session.during(clips, clips.look())
    paths = await session.during(clips, clips.paths(offered))
    if not paths:
        raise NoSuchSession("There are no files on the customer's clipboard.", "`--formats` tells what is there.")
    output.progress(f"Fetching {size_of(offered, Format.FILES)} …")
    total = Report()
    for path in paths:
        total.add(await session.during(files, files.get(path, folder)))
    return total


def landed(report: Any) -> tuple[str, ...]:
    """What one path that was sent has become in the customer's folder: a file, or the folder that all of it is in."""
    return tuple(dict.fromkeys(outcome.saved_as.partition("/")[0] for outcome in report.arrived))


def _transfer(number: int, as_json: bool, timeout: float, work: Callable[[Any, Clips, Any], Any]) -> int:
    from rs_cli.features.files import Files
    from rs_cli.terminal.accounts import account
    from rs_cli.terminal.bars import bars

    async def go() -> tuple[int, Any]:
        clips = Clips()
        with bars() as moved:
            files = Files(moved)
            async with reach(number, timeout) as session:
                return session.entry.number, await work(files, clips, session)

    step_back()
    session, report = asyncio.run(go())
    return account(session, report, as_json)
