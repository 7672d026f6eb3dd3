"""A chat-completion endpoint on loopback whose answers follow a script; it keeps what it is asked, and when."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GOOD = json.dumps({"turns": [{"question": "What is this?", "answer": "A photograph."}]})


class Scripted:
    """``script(number, payload)`` gives the answer to a request: a text, or a dict with any of text, finish, status,
    body, headers, wait, usage."""

    def __init__(self, script):
        self.script, self.payloads, self.times, self.lock = script, [], [], threading.Lock()

    def __enter__(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with outer.lock:
                    outer.payloads.append(payload)
                    outer.times.append(time.monotonic())
                    number = len(outer.payloads)
                answer = outer.script(number, payload)
                answer = {"text": answer} if isinstance(answer, str) else answer
                time.sleep(answer.get("wait", 0))
                body = answer.get("body") or json.dumps(outer.completion(payload, answer))
                try:
                    self.send_response(answer.get("status", 200))
                    for name, value in {"Content-Type": "application/json", **answer.get("headers", {})}.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(body.encode())))
                    self.end_headers()
                    self.wfile.write(body.encode())
                except OSError:
                    pass  # the client has hung up

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def completion(payload, answer):
        message = {"role": "assistant", "content": answer.get("text", "")}
        usage = answer.get("usage", {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120})
        return {
            "id": "x", "object": "chat.completion", "created": 0, "model": payload["model"], "usage": usage,
            "choices": [{"index": 0, "message": message, "finish_reason": answer.get("finish", "stop")}],
        }  # fmt: skip
