"""What the figures of the marts are called, in which unit they are and what they are a part of."""

from mercurios.measures.dictionary import Measure, measures

__all__ = ["Measure", "measures"]
