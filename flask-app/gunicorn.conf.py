"""How the server runs in production: `gunicorn --config flask-app/gunicorn.conf.py`, from any folder.

gthread workers because the default (sync) closes the connection after every answer: a load test against it
measures TCP handshakes.
"""

import os
from pathlib import Path

wsgi_app = "app:create_app()"
chdir = str(Path(__file__).resolve().parent)
bind = os.environ.get("BIND") or "127.0.0.1:5000"

worker_class = "gthread"
workers = int(os.environ.get("WORKERS") or 1)
threads = int(os.environ.get("THREADS") or 4)
# Longer than the usual pauses between two requests of a client, so that the client closes and not the server.
keepalive = 75
# TensorFlow does not survive a fork: each worker loads its own model.
preload_app = False

# One line per request would be measured as part of the server.
accesslog = None
# The heartbeat file: on a disk whose writes stall, a busy worker would be taken for a dead one.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# The control socket would be written into the home folder, which a container's user may not have.
control_socket_disable = True
graceful_timeout = 10
