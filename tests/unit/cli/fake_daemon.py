"""A varlink daemon that answers by rote, for trying the command: {method: parameters | (error, parameters) | [stream]}."""

import json
import socket
import threading


class FakeDaemon:
    """Answers on a unix socket until closed; `calls` are those that came."""

    def __init__(self, path, answers):
        self.path, self.answers, self.calls = path, answers, []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.path.unlink()

    def __bool__(self):
        return self._socket.fileno() >= 0

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            buffer = b""
            while chunk := connection.recv(65536):
                buffer += chunk
                while b"\0" in buffer:
                    request, buffer = buffer.split(b"\0", 1)
                    if not self._answer(connection, json.loads(request)):
                        return

    def _answer(self, connection, request):
        method = request["method"].rsplit(".", 1)[1]
        self.calls.append((method, request["parameters"]))
        answer = self.answers.get(method)
        if callable(answer):
            answer = answer(request["parameters"])
        if answer is None:
            self._send(connection, error="org.varlink.service.MethodNotFound", parameters={"method": request["method"]})
        elif isinstance(answer, list):  # a stream: the last word may be "end" (hang up) or "stay"
            for reply in answer:
                if reply == "end":
                    return False
                if reply != "stay":
                    self._send(connection, parameters=reply, continues=True)
        elif isinstance(answer, tuple):
            self._send(connection, error=answer[0], parameters=answer[1])
        else:
            self._send(connection, parameters=answer)
        return True

    @staticmethod
    def _send(connection, **reply):
        connection.sendall(json.dumps(reply).encode() + b"\0")
