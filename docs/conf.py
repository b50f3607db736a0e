"""Sphinx configuration: Markdown in, HTML out, nothing fetched from anywhere."""

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

from tocsin import __version__

project = "Tocsin"
author = "The Tocsin authors"
copyright = "The Tocsin authors, Apache-2.0"  # noqa: A001 (Sphinx calls it so)
release = version = __version__

extensions = ["myst_parser"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"Tocsin {release}"
html_copy_source = False
html_show_sourcelink = False


def setup(app: Sphinx) -> None:
    """Show Mermaid diagrams as their text: drawing them would fetch a program from elsewhere."""
    app.add_lexer("mermaid", TextLexer)
