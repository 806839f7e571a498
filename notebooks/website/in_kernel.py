"""Runs in the kernel before a notebook does: pictures say in words what they show.

Every matplotlib figure gets alternative text, made of its own titles, axes and legends, and twice
the pixels, for sharp screens. A widget adds its `figure()` as a still picture.
"""


def alternative_text(figure, longest=600):
    """What a figure shows, in words: its titles, axes and legends."""
    panels = [ax for ax in figure.axes if ax.get_label() != "<colorbar>" and ax.has_data()]
    # The suptitle has no public getter in older versions of matplotlib.
    parts = [_line(getattr(figure, "_suptitle", None))]
    pictures = [ax for ax in panels if ax.images and not ax.axison]
    if len(pictures) > 1:
        titles = dict.fromkeys(_line(ax.title) for ax in pictures)  # each once
        named = ", ".join(filter(None, titles))
        parts.append(f"{len(pictures)} pictures" + (f": {named}" if named else ""))
    for ax in panels:
        if len(pictures) > 1 and ax in pictures:
            continue
        axes = " over ".join(filter(None, [_words(ax.get_ylabel()), _words(ax.get_xlabel())]))
        legend = ax.get_legend()
        named = [_line(text) for text in legend.get_texts()] if legend else []
        shown = [_line(ax.title), axes, ", ".join(filter(None, named))]
        parts.append("; ".join(filter(None, shown)))
    parts += [", ".join(_line(text) for text in legend.get_texts()) for legend in figure.legends]
    parts += [
        "colours: " + _words(ax.get_ylabel() or ax.get_xlabel())
        for ax in figure.axes
        if ax.get_label() == "<colorbar>" and (ax.get_ylabel() or ax.get_xlabel())
    ]
    parts += [_words(text.get_text()) for text in figure.texts if text.get_text() not in parts]
    text = ". ".join(dict.fromkeys(part.rstrip(".") for part in parts if part))
    return text if len(text) <= longest else text[: longest - 2] + " …"


def _words(text):
    return " ".join(text.replace("$", "").split())


def _line(artist):
    return _words(artist.get_text()) if artist else ""


def _prepare(shell):
    import ipywidgets
    import matplotlib.pyplot  # noqa: F401  (it sets its own formatters when it is first imported)
    import matplotlib_inline.backend_inline  # noqa: F401
    from IPython.core.pylabtools import retina_figure
    from matplotlib.figure import Figure

    def picture(figure):
        data, size = retina_figure(figure, base64=True)
        return data, {**size, "alt": alternative_text(figure)}

    def twin(widget):
        return picture(widget.figure()) if hasattr(widget, "figure") else None

    png = shell.display_formatter.formatters["image/png"]
    png.for_type(Figure, picture)
    png.for_type(ipywidgets.Widget, twin)


if "get_ipython" in globals():
    _prepare(get_ipython())  # noqa: F821
