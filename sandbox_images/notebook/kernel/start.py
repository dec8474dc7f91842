"""Start the usual kernel, but for the one address of it that needs a network.

Output of forked children reaches the kernel through a socket that ipykernel binds to 127.0.0.1 whatever transport was
chosen. To find that address libzmq asks the kernel for its network interfaces, and ends the process where a system call
filter refuses the question. A socket of the file system needs no answer.
"""

import os
import sys
import tempfile

import zmq
from ipykernel import kernelapp
from ipykernel.iostream import IOPubThread
from zmq.eventloop.zmqstream import ZMQStream

_LINGER_MS = 3000
"""How long a child waits at its end to hand over what it printed, as in ipykernel."""


class Output(IOPubThread):
    """What passes on output; children hand theirs over in the file system."""

    def _setup_pipe_in(self) -> None:
        self._pipe_uuid = os.urandom(16)
        self._pipe_port = f"ipc://{tempfile.mkdtemp()}/pipe"
        pipe = self.socket.context.socket(zmq.PULL)
        pipe.linger = 0
        pipe.bind(self._pipe_port)
        self._pipe_in = ZMQStream(pipe, self.io_loop)
        self._pipe_in.on_recv(self._handle_pipe_msg)

    def _setup_pipe_out(self) -> tuple[zmq.Context, zmq.Socket]:
        context = zmq.Context()  # A fork must not use its parent's.
        pipe = context.socket(zmq.PUSH)
        pipe.linger = _LINGER_MS
        pipe.connect(self._pipe_port)
        return context, pipe


kernelapp.IOPubThread = Output
del sys.path[0]  # This folder; the kernel puts its working folder there.
kernelapp.launch_new_instance()
