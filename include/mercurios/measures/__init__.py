"""What the figures of the marts are called, in which unit they are and what they are a part of."""

from mercurios.measures.dictionary import LANGUAGES, Measure, measures

__all__ = ["LANGUAGES", "Measure", "measures"]
