"""Look at the layers of a built image, as an engine exports them: read once, written nowhere, bounded.

Theory of operation. An engine exports images as one tar: a tar for each layer, and JSON documents that say which
layers make which image, in which order. Layers come in any order, so each is summed up when it passes (`read`) and
laid over the others when all are known (`stack`); `look` says what is in the result. Nothing is extracted: a name is
a key of a dict and never a path of ours.
"""
