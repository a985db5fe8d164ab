"""A small RTSP camera on this machine: serves frames as H.264 over TCP to one client after another."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

_SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track0\r\n"
)


class RtspCamera:
    """Sends `frame_of(k)` `fps` times a second while somebody watches; `connections` counts who came.

    Use it in a `with` block. `cut` closes the connection of whoever is watching, `refuse` refuses all who come.
    """

    def __init__(self, frame_of: Callable[[int], NDArray[np.uint8]], fps: int = 20) -> None:
        self._frame_of, self._fps = frame_of, fps
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.address = f"rtsp://user:secret@127.0.0.1:{self.port}/live"
        self.connections, self.refuse, self.sent = 0, False, 0
        self._client: socket.socket | None = None
        self._stop, self._cut = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> RtspCamera:
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._stop.set()
        self._listening.close()
        self._thread.join(5)

    def cut(self) -> None:
        self._cut.set()

    def _serve(self) -> None:
        self._listening.settimeout(0.1)
        while not self._stop.is_set():
            try:
                client, _ = self._listening.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            with client:
                if not self.refuse:
                    self.connections += 1
                    self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        client.settimeout(5)
        text = b""
        while not self._stop.is_set():
            try:
                got = client.recv(4096)
            except OSError:
                return
            if not got:
                return
            text += got
            while b"\r\n\r\n" in text:
                request, text = text.split(b"\r\n\r\n", 1)
                head = request.decode().splitlines()
                method = head[0].split()[0]
                number = next(line.split(":")[1].strip() for line in head if line.lower().startswith("cseq"))
                client.sendall(self._answer(method, number).encode())
                if method == "PLAY":
                    self._play(client)
                    return

    def _answer(self, method: str, number: str) -> str:
        head = f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n"
        if method == "OPTIONS":
            return head + "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n"
        if method == "DESCRIBE":
            return head + f"Content-Type: application/sdp\r\nContent-Length: {len(_SDP)}\r\n\r\n{_SDP}"
        if method == "SETUP":
            return head + "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n"
        return head + "Session: 1\r\n\r\n"

    def _play(self, client: socket.socket) -> None:
        """Encode, let the RTP muxer cut packets onto a local UDP port, and pass each on inside the connection."""
        self._cut.clear()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packets:
            packets.bind(("127.0.0.1", 0))
            packets.setblocking(False)
            port = packets.getsockname()[1]
            container: Any = av.open(f"rtp://127.0.0.1:{port}?rtcpport=1", "w", format="rtp")
            first = self._frame_of(0)
            stream = container.add_stream("libx264", rate=self._fps)
            stream.width, stream.height, stream.pix_fmt = first.shape[1], first.shape[0], "yuv420p"
            stream.options = {"preset": "ultrafast", "tune": "zerolatency", "g": "5", "x264-params": "repeat-headers=1"}
            try:
                for k in range(10**9):
                    if self._stop.is_set() or self._cut.is_set():
                        return
                    picture = av.VideoFrame.from_ndarray(self._frame_of(k), format="bgr24")
                    for packet in stream.encode(picture):
                        container.mux(packet)
                    self._pass_on(packets, client)
                    self.sent = k + 1
                    time.sleep(1 / self._fps)
            except OSError:
                return
            finally:
                container.close()

    def _pass_on(self, packets: socket.socket, client: socket.socket) -> None:
        while True:
            try:
                packet = packets.recv(65536)
            except BlockingIOError:
                return
            client.sendall(b"$\x00" + len(packet).to_bytes(2, "big") + packet)
