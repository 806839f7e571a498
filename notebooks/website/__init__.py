"""The course as a static site: executed notebooks in, a folder of self-contained pages out."""

from website.pages import Book, write_site

__all__ = ["Book", "write_site"]
