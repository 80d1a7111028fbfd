"""Which modules are loaded when some are imported: read from their text, nothing is run. Pure.

It follows what stands at a module's top (also below `if` and `try`), and in a function only where it is asked to; what
is for the type checker alone is not followed.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping


def reached(roots: Iterable[str], files: Mapping[str, bytes], deep: Collection[str] = ()) -> set[str]:
    """Of `files` ('a/b.py' or 'a/__init__.py' -> text) those that importing the modules `roots` loads, with the
    packages that they are in. `deep`: of these packages functions are followed too."""
    paths = {_module(path): path for path in files if path.endswith(".py")}
    found: set[str] = set()
    left = list(roots)
    while left:
        name = left.pop()
        if name not in paths or paths[name] in found:
            continue
        path = paths[name]
        found.add(path)
        if parent := name.rpartition(".")[0]:
            left.append(parent)
        package = name if path.endswith("/__init__.py") else parent
        whole = any(name == one or name.startswith(f"{one}.") for one in deep)
        left += _named(ast.parse(files[path]).body, package, whole)
    return found


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _named(body: Iterable[ast.AST], package: str, deep: bool) -> Iterator[str]:
    """What the statements `body`, of a module in `package`, import."""
    for node in body:
        match node:
            case ast.Import(names=names):
                yield from (one.name for one in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                above = package.split(".")[: len(package.split(".")) - level + 1] if level else []
                home = ".".join([*above, *([module] if module else [])])
                yield home
                yield from (f"{home}.{one.name}" for one in names)
            case ast.If(test=ast.Name("TYPE_CHECKING"), orelse=rest):
                yield from _named(rest, package, deep)
            case ast.FunctionDef() | ast.AsyncFunctionDef() if not deep:
                pass
            case ast.stmt() | ast.ExceptHandler() | ast.match_case():
                yield from _named(ast.iter_child_nodes(node), package, deep)
