"""A stand-in for the Flask app in a container, whose faults are chosen by the environment variable FAULT."""

import http.server
import json
import os
import sys
import time

FAULT = os.environ.get("FAULT", "none")
hoard = []

if FAULT == "exit":
    print("no such model: tea.keras", flush=True)
    sys.exit(3)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if FAULT == "never-ready":
            self.answer(503, {})
        else:
            self.answer(200, {"model_loaded": True})

    def do_POST(self):
        rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["features"]
        if FAULT == "hoard":
            hoard.append(bytearray(400_000))
            hoard[-1][::4096] = b"x" * len(hoard[-1][::4096])
        time.sleep(0.001)
        if isinstance(rows[0], list):
            outputs = [sum(row) for row in rows]
            labels = [int(output > 0) for output in outputs]
        else:
            outputs = sum(rows)
            labels = int(outputs > 0)
        self.answer(200, {"prediction": labels, "confidence": outputs, "raw_output": outputs})

    def answer(self, status, body):
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("0.0.0.0", 5000), Handler).serve_forever()
