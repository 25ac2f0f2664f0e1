"""The demo retailers. Each world is a pure function of its name, a seed and the business day it ends before."""
