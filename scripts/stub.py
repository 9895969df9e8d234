"""What type checkers see of `import innerview`: a stub made from the code, `src/innerview/__init__.pyi`.

The methods know NumPy and their own types; `innerview.tensors` lets people give what `innerview.typing` says. Here the
second is put in place of the first: a signature is read from its source, each annotation that EDGE names is exchanged,
and what answers in the kind of its image becomes two overloads, for NumPy and for tensors. All other names come from
where they live as they are. So no parameter and no result is written twice.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import jaxtyping

import innerview
from innerview import tensors
from innerview.adapters import ADAPTERS, FunctionModel
from innerview.methods.rows import ROWS
from innerview.results import Result


def _is_array(value: object) -> bool:
    return value is innerview.types.Array or (isinstance(value, type) and issubclass(value, jaxtyping.AbstractArray))


EDGE: Final[Mapping[str, str]] = {
    "model: object": "Callable[[Array], Any] | object",  # so that the argument of a lambda has a type
    "DifferentiableModel": "Model",  # `wrap` can't tell before it runs; one without gradients is refused in words
    "Target": "TargetLike",
    "Target | None": "TargetLike",
    "Image": "ImageLike",
    "Image | None": "BaselineLike | None",
    "Image | Fill": "BaselineLike | Fill",
    "Image | Sequence[Image]": "BaselineLike | Sequence[BaselineLike]",
    "Sequence[Image]": "Sequence[BaselineLike] | ArrayLike",
    "target: int | None": "str | int | None",
    "Sequence[float]": "Sequence[float] | Array",
    "Iterable[tuple[Image, int]]": "Iterable[tuple[ArrayLike, SupportsInt]]",
}
"""What people may give for what a method takes; for every other array in a type, `ArrayLike`."""

AXES: Final = frozenset({"Float", "Int", "Bool", "Shaped"})
ARRAYS: Final = frozenset(name for name, value in vars(innerview.types).items() if _is_array(value))
"""How arrays are declared: with named axes, or by an alias for that."""

NUMPY: Final[Mapping[str, str]] = {"ImageLike": "NumpyImageLike", "ArrayLike": "Array"}
"""Of the argument whose kind the answer takes: what gives NumPy."""

TENSORS: Final = {"ImageLike": "T", "ArrayLike": "T"}
"""Of the same argument: what gives tensors."""

SOURCES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("ArrayLike", "BaselineLike", "NumpyImageLike", "T", "TargetLike"), "innerview.typing"),
    **dict.fromkeys(("Callable", "Iterable", "Mapping", "Sequence"), "collections.abc"),
    **dict.fromkeys(("Any", "SupportsInt", "overload"), "typing"),
    "Array": "innerview.types",
    "Model": "innerview.model",
}
"""Where the names in the tables come from."""

OPTIONAL: Final = frozenset({"target", *innerview.typed.SUPPLIED})
"""Arguments that may be left out, though the method needs them."""

HEAD: Final = '''"""{doc}"""

# Written by `python scripts/docs.py` from the code; change that instead.
# pyright: reportOverlappingOverload=false

'''


@dataclass
class Stub:
    """A stub as it grows: its imports, and its definitions."""

    imports: set[str] = field(default_factory=set)
    parts: list[str] = field(default_factory=list)

    def use(self, expression: ast.expr, module: str) -> str:
        """Write an annotation of a module, with the imports that it needs."""
        for node in ast.walk(expression):
            if isinstance(node, ast.Name) and node.id not in vars(builtins):
                self.imports.add(_import_of(node.id, module))
        return ast.unparse(expression)


def _import_of(name: str, module: str) -> str:
    """The line that imports a name of a module from where that module has it."""
    if name in SOURCES:
        return f"from {SOURCES[name]} import {name}"
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ImportFrom) and name in {one.asname or one.name for one in node.names}:
            original = next(one.name for one in node.names if name in {one.asname, one.name})
            return f"from {node.module} import {original}" + (f" as {name}" if original != name else "")
        if isinstance(node, ast.Import) and name in {one.asname or one.name for one in node.names}:
            original = next(one.name for one in node.names if name in {one.asname, one.name})
            return f"import {original}" + (f" as {name}" if original != name else "")
    return f"from {module} import {name}"


def _tree(module: str) -> ast.Module:
    """A module's source, read without importing it: an adapter would import its framework."""
    found = find_spec(module)
    return ast.parse(Path(found.origin if found and found.origin else module).read_text(encoding="utf-8"))


def _function(tree: ast.AST, name: str) -> ast.FunctionDef:
    return next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name)


def _class(tree: ast.AST, name: str) -> ast.ClassDef:
    return next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name)


def _declared(one: ast.arg | ast.FunctionDef) -> ast.expr:
    """The type of a parameter or of what comes back; all have one, since basedpyright is strict."""
    return (one.returns if isinstance(one, ast.FunctionDef) else one.annotation) or ast.Name("object")


def _parameters(given: ast.arguments) -> Iterator[tuple[str, ast.arg, ast.expr | None]]:
    """Each parameter with the mark before it and its default."""
    plain = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(plain) - len(given.defaults)) + list(given.defaults)
    yield from (("", one, default) for one, default in zip(plain, defaults, strict=True))
    if given.vararg:
        yield "*", given.vararg, None
    yield from (("", one, default) for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True))
    if given.kwarg:
        yield "**", given.kwarg, None


def _written(stub: Stub, node: ast.FunctionDef, module: str, kinded: str, exchange: Mapping[str, str]) -> str:
    """The parameters of a method as people may give them; `kinded` is the one whose kind the answer takes."""
    words: list[str] = []
    for mark, one, default in _parameters(node.args):
        edge = _edge(one.arg, ast.unparse(_declared(one)))
        edge = exchange.get(edge, edge) if one.arg == kinded else edge.replace("ImageLike", "BaselineLike")
        declared = ast.parse(edge, mode="eval").body
        optional = default is not None or one.arg in OPTIONAL
        text = f"{mark}{one.arg}: {stub.use(declared, module)}" + (" = ..." if optional else "")
        words += ["*"] * (one in node.args.kwonlyargs[:1] and not node.args.vararg) + [text]
        words += ["/"] * (one in node.args.posonlyargs[-1:])
    return ", ".join(words)


class _Loosened(ast.NodeTransformer):
    """A type with `ArrayLike` in place of every array, each part of a union once."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name("ArrayLike") if node.id in ARRAYS else node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id in AXES:
            return ast.Name("ArrayLike")
        return ast.Subscript(node.value, self.visit(node.slice))

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        parts = dict.fromkeys(
            f"{ast.unparse(self.visit(node.left))} | {ast.unparse(self.visit(node.right))}".split(" | ")
        )
        return ast.parse(" | ".join(parts), mode="eval").body


def _edge(name: str, declared: str) -> str:
    """What people may give for a parameter."""
    known = EDGE.get(f"{name}: {declared}", EDGE.get(declared))
    return known or ast.unparse(_Loosened().visit(ast.parse(declared, mode="eval").body))


def _of_tensors(expression: ast.expr, module: str) -> ast.expr:
    """The same type, with each result in it one of tensors."""

    class Exchange(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            found = getattr(import_module(module), node.id, None)
            generic = (isinstance(found, type) and issubclass(found, Result)) or node.id == "Explained"
            return ast.Subscript(node, ast.Name("T")) if generic else node

    return Exchange().visit(ast.parse(ast.unparse(expression), mode="eval")).body


def _method(stub: Stub, name: str) -> None:
    """A method that takes tensors."""
    function = inspect.unwrap(tensors.method_named(name) or getattr(tensors, name))
    module = function.__module__
    node = _function(_tree(module), name)
    names = [one.arg for _, one, _ in _parameters(node.args)]
    kinded = next((one for one in tensors.IMAGES if one in names), "")
    doc = _doc(function)
    forms = [(NUMPY, _declared(node))]
    if kinded:
        asked = next(_declared(one) for _, one, _ in _parameters(node.args) if one.arg == kinded)
        tensors_too = {ast.unparse(asked): ast.unparse(_of_tensors(asked, module))}
        forms.append((TENSORS | tensors_too, _of_tensors(_declared(node), module)))
    for exchange, returns in forms:
        mark = "@overload\n" if kinded else ""
        if kinded:
            stub.imports.add(_import_of("overload", module))
        parameters = _written(stub, node, module, kinded, exchange)
        stub.parts.append(f"{mark}def {name}({parameters}) -> {stub.use(returns, module)}:\n{doc}\n")


def _doc(thing: object) -> str:
    lines = (inspect.getdoc(thing) or "").splitlines()
    text = "\n".join(["    " + line if line else "" for line in lines])
    return f'    """{text.strip()}{chr(10) + "    " if len(lines) > 1 else ""}"""'


def _wrap(stub: Stub) -> None:
    """`wrap`, with the options of all adapters by their names in place of whatever is given."""
    module = innerview.wrap.__module__
    node = _function(_tree(module), "wrap")
    adapters = {*ADAPTERS.values(), (FunctionModel.__module__, FunctionModel.__name__)}
    options: dict[str, str] = {}
    for place, kind in sorted(adapters):
        tree, of_class = _tree(place), kind[0].isupper()
        made = _function(_class(tree, kind), "__init__") if of_class else _function(tree, kind)
        for one in [*made.args.args[3 + of_class :], *made.args.kwonlyargs]:  # after model, input and output
            options[one.arg] = f"{one.arg}: {stub.use(_declared(one), place)} = ..."
    node.args.kwarg = None
    parameters = _written(stub, node, module, "", {})
    more = ", ".join(options.values())
    returns = stub.use(_declared(node), module)
    stub.parts.append(f"def wrap({parameters}, {more}) -> {returns}:\n{_doc(innerview.wrap)}\n")


def stub() -> str:
    """The stub, as ruff writes it."""
    made = Stub()
    names = sorted({*innerview.__all__, *(row.function.__name__ for row in ROWS)})
    for name in names:
        home = innerview._HOMES.get(name)  # noqa: SLF001 the table is the package's own
        if name == "wrap":
            _wrap(made)
        elif home == "tensors" or (home is None and name != "__version__"):  # a row alone makes a method public
            _method(made, name)
        elif home:
            made.imports.add(f"from innerview.{home} import {name} as {name}")
    listed = "\n".join(f'    "{name}",' for name in names)
    body = "\n".join(["__version__: str", f"__all__ = [\n{listed}\n]", "", *made.parts])
    imports = sorted(line for line in made.imports if f"{line} as {line.rpartition(' ')[2]}" not in made.imports)
    text = HEAD.format(doc=innerview.__doc__) + "\n".join(imports) + "\n\n" + body
    return _formatted(text)


def _formatted(text: str) -> str:
    for arguments in (["check", "--fix-only", "--select", "I", "--quiet"], ["format", "--quiet"]):
        command = [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", "src/innerview/__init__.pyi", "-"]
        root = Path(__file__).parent.parent
        text = subprocess.run(command, input=text, capture_output=True, text=True, check=True, cwd=root).stdout
    return text


if __name__ == "__main__":
    print(stub(), end="")
