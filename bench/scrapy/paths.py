"""XPath on lxml, for the spiders that read a tree."""

from lxml import etree


def path(expression):
    return etree.XPath(expression, smart_strings=False)


def text(expression):
    return path(f"string({expression})")
