"""The product as real processes against a cloud that throttles, fails, loses answers, is full, and goes silent.

The engine's own tests ask the same in virtual time; what they cannot show is that real sockets, real time-outs and real
processes hold it too, and that the API stays quick meanwhile.
"""
