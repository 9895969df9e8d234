"""Write the parts of the documentation that come from the code, or check that they are in step (`--check`).

docs/reference/cli.md           every command's help
docs/reference/api.md           every public name with its first sentence
docs/reference/api/PAGE.md      a place for each name, which the site's build fills (reference.py)
docs/reference/output-files.md  every file of a look
docs/reference/methods.md       between markers: the methods and their options
src/innerview/allcnn/NAME.md    the built-in models' model cards, and again in docs/reference/model-cards
README.md                       between markers: their accuracy
ARCHITECTURE.md                 the layers, as the import contracts have them
src/innerview/__init__.pyi       what type checkers and editors see of `import innerview` (stub.py)
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import reference
from cards import accuracy, card
from stub import stub

from innerview import allcnn, cli
from innerview.cli.console import Context
from innerview.methods.method import Method
from innerview.methods.rows import ROWS
from innerview.results import SCHEMA
from innerview.viewer.explanations import EXPLANATIONS
from innerview.workbench.explain.drawing import ALWAYS

ROOT = Path(__file__).parent.parent


def command_line() -> str:
    """Every command's help, as a terminal of 110 columns shows it."""
    parts = ["# The command line\n", "<!-- Written by `python scripts/docs.py` from the commands themselves. -->\n"]
    context = Context(cli.innerview, info_name="innerview", max_content_width=110, terminal_width=110)
    parts += [_help("innerview", cli.innerview.get_help(context))]
    for name in cli.COMMANDS:
        command = cli.innerview.get_command(context, name)
        inner = Context(command, info_name=name, parent=context, max_content_width=110, terminal_width=110)
        parts += [f"## innerview {name}\n", _help(f"innerview {name}", command.get_help(inner))]
    parts += ["Exit codes: 0 done; 1 the run failed (an unreadable image, a full disk, Ctrl-C); 2 wrong usage.\n"]
    return "\n".join(parts)


def _help(name: str, text: str) -> str:
    return f"```text\n$ {name} --help\n{text.rstrip()}\n```\n"


def files() -> str:
    """Every file of a look, and how to read the numbers."""
    rows = [f"| `{shot.file}` | {EXPLANATIONS[shot.view].title} | {shot.words} |" for shot in ALWAYS]
    return f"""# Output files

<!-- Written by `python scripts/docs.py`. -->

`innerview explain` makes one folder for each image; it appears when it is complete. Of several images there is also
`index.html`, `contact-sheet.png` (all maps on one scale), `interior-sheet.png` and `interior-sheet.webp` (nine side by
side).

| file | view | what it shows |
|---|---|---|
{chr(10).join(rows)}
| `photo.png` | Attribution | The map in its place on the photo; only where the model saw a part or a smaller copy. |
| `spread.png` | Attribution | How far the maps of several baselines differ; only with several. |
| `parts.png` | Why this answer | The parts that say something else or still the class, cut out; only with `--parts`. |
| `method-NAME.png` | Other methods | The map by another method, for each that was asked for. |
| `layer-NAME.png` | Layers | Channels of a layer, for each asked for; letters that no file name can have are dashes. |
| `view.html` | all | The same with sliders: the viewer with this image, in one file. |
| `index.html` | all | What you see, in words, around all images. |
| `result.json` | | Everything that is not an array: schema {SCHEMA}, what was explained, with what, and the result. |
| `arrays.safetensors` | | Every array. |

`innerview.load_result` reads a folder back, of this version or an older one: the same frozen results and arrays.

```python
import innerview

found = innerview.load_result("innerview-explanations/cat")
found["integrated"].heatmap  # height × width, signed, in logits
found["integrated"].provenance.fingerprint  # the model's hash
```

`innerview.save_result(folder, result)` writes what any method gave in the same form, several as `{{"mine": result}}`.
What a newer version wrote beside the fields that are known is kept in `found.unknown` and said in `found.notes`; a file
that is damaged, cut short or of another writing is refused with its name and the place. Without innerview:

In `result.json` an array stands as `{{"array": NAME, "shape": […], "dtype": "…"}}`, and NAME is its key in
`arrays.safetensors`. Numbers that are not finite are the strings "nan", "inf" and "-inf".
A result says what it is under `"$type"`.

```python
import json
from safetensors.numpy import load_file

result = json.load(open("innerview-explanations/cat/result.json"))
arrays = load_file("innerview-explanations/cat/arrays.safetensors")
attribution = arrays[result["integrated"]["attribution"]["array"]]  # 32 × 32 × 3, signed, in logits
```

Every result carries its provenance: the model's hash, the target, the baseline, the seed of what was random, the
precision, the number of images in one pass, and the versions of Python, NumPy and innerview.
"""


CAPTUM = (
    "| anything else that Captum has | `captum_attribution` | a PyTorch module | as there |"  # a bridge, and no method
)


def method_table(rows: Iterable[Method]) -> str:
    """What each method answers, needs and costs."""
    lines = [
        f"| {row.answers} | `{row.function.__name__}` | "
        f"{', '.join(['gradients'] * row.needs_gradients + [row.needs] * bool(row.needs)) or 'nothing'} | {row.cost} |"
        for row in rows
    ]
    return "\n".join(["| You want to know | Take | Needs | Cost, in passes |", "|---|---|---|---|", *lines, CAPTUM])


def option_table(rows: Iterable[Method]) -> str:
    """The options of the methods that give a map."""
    lines = [
        f"| `{row.name}` | `{one.name}` | {one.words}: {one.takes} | {one.default_words} |"
        for row in rows
        if row.result == "map"
        for one in row.options
    ]
    plain = ", ".join(f"`{row.name}`" for row in rows if row.result == "map" and not row.options)
    head = ["| Method | Option | What it decides | If not given |", "|---|---|---|---|"]
    return "\n".join([*head, *lines, "", f"Without options: {plain}."])


def methods_page(rows: Sequence[Method] = ROWS) -> str:
    """The page on methods with its tables as they are."""
    text = (ROOT / "docs/reference/methods.md").read_text()
    for name, table in (("methods", method_table(rows)), ("options", option_table(rows))):
        before, _, rest = text.partition(f"<!-- {name} -->\n")
        text = f"{before}<!-- {name} -->\n{table}\n<!-- -->{rest.partition('<!-- -->')[2]}"
    return text


def readme() -> str:
    """The README with the models' accuracies as they are."""
    text = (ROOT / "README.md").read_text()
    for name in allcnn.NAMES:
        text = re.sub(f"(<!-- accuracy of {name} -->).*?(<!-- -->)", rf"\g<1>{accuracy(name)}\g<2>", text)
    return text


def architecture() -> str:
    """The drawing of the house with the layers of pyproject.toml: under the heading that a contract's name is."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for contract in settings["tool"]["importlinter"]["contracts"]:
        if contract["type"] == "layers":
            head, found, rest = text.partition(f"## {contract['name']}\n")
            before, _, after = rest.partition("```layers\n")
            text = (
                head
                + found
                + before
                + "```layers\n"
                + "\n".join(contract["layers"])
                + "\n```"
                + after.partition("```")[2]
            )
    return text


PAGES = {
    "src/innerview/__init__.pyi": stub,
    "docs/reference/cli.md": command_line,
    "docs/reference/api.md": reference.overview,
    **{f"{reference.FOLDER}/{name}.md": partial(reference.page_of, name) for name in reference.PAGES},
    "docs/reference/output-files.md": files,
    "docs/reference/methods.md": methods_page,
    **{f"src/innerview/allcnn/{name}.md": partial(card, name) for name in allcnn.NAMES},
    **{f"docs/reference/model-cards/{name}.md": partial(card, name) for name in allcnn.NAMES},
    "README.md": readme,
    "ARCHITECTURE.md": architecture,
}


def main() -> int:
    """Write the pages, or with --check say which are out of step."""
    stale = []
    for name, make in PAGES.items():
        path, text = ROOT / name, make()
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        elif not path.is_file() or path.read_text() != text:
            stale.append(name)
    if stale:
        print(f"out of step with the code: {', '.join(stale)}; run: python scripts/docs.py")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
