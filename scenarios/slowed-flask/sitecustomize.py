"""A regression to try a gate on: every answer of the Flask app takes 2 ms longer.

    npm run --silent dyno -- run scenarios/flask-ab.yaml --set servers.after.env.PYTHONPATH=$PWD/scenarios/slowed-flask

Python imports a module of this name at its start from wherever PYTHONPATH says.
"""

import time

import flask

_answer = flask.Flask.full_dispatch_request


def _answer_late(self: flask.Flask) -> flask.Response:
    time.sleep(0.002)
    return _answer(self)


flask.Flask.full_dispatch_request = _answer_late
