"""A web application on PyPI `Authlib` with Flask: the surface every relying party here has
(/, /login, /callback, /me, /userinfo, /refresh, /logout, /signed-out)."""

import os
import secrets
import traceback
from urllib.parse import urlencode

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, jsonify, redirect, session
from requests import HTTPError

ISSUER = os.environ["ISSUER"]
HOME = f"http://127.0.0.1:{os.environ['PORT']}"

app = Flask(__name__)
app.secret_key = secrets.token_bytes(32)
app.config["SESSION_COOKIE_NAME"] = "authlib"
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"

portcullis = OAuth(app).register(
    "portcullis",
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    client_kwargs={
        "scope": "openid profile email offline_access groups",
        "code_challenge_method": "S256",
    },
)

# Tokens stay on this side; the cookie carries only the key.
signed_in = {}


class NotSignedIn(Exception):
    pass


def current():
    try:
        return signed_in[session["id"]]
    except KeyError:
        raise NotSignedIn from None


def shown(person):
    names = ("access_token", "refresh_token", "id_token")
    return jsonify(claims=person["claims"], tokens={name: person["token"].get(name) for name in names})


@app.get("/")
def home():
    return '<a id="sign-in" href="/login">Sign in</a>'


@app.get("/login")
def login():
    return portcullis.authorize_redirect(f"{HOME}/callback")


@app.get("/callback")
def callback():
    token = portcullis.authorize_access_token()
    session["id"] = secrets.token_urlsafe()
    signed_in[session["id"]] = {"token": token, "claims": token["userinfo"]}
    return redirect("/me")


@app.get("/me")
def me():
    return shown(current())


@app.get("/userinfo")
def userinfo():
    return jsonify(portcullis.userinfo(token=current()["token"]))


@app.get("/refresh")
def refresh():
    person = current()
    token = portcullis.fetch_access_token(
        grant_type="refresh_token", refresh_token=person["token"]["refresh_token"]
    )
    person["token"] = {**person["token"], **token}
    if "id_token" in token:
        person["claims"] = portcullis.parse_id_token(token, nonce=None)
    return shown(person)


@app.get("/logout")
def logout():
    person = current()
    signed_in.pop(session.pop("id"))
    query = {
        "id_token_hint": person["token"]["id_token"],
        "post_logout_redirect_uri": f"{HOME}/signed-out",
    }
    return redirect(f"{portcullis.load_server_metadata()['end_session_endpoint']}?{urlencode(query)}")


@app.get("/signed-out")
def signed_out():
    return '<p id="signed-out">You are signed out of this application.</p>'


@app.errorhandler(NotSignedIn)
def not_signed_in(_):
    return jsonify(error="not_signed_in"), 401


@app.errorhandler(OAuthError)
def refused(error):
    """The server's own error code comes back as it is: the driver asserts on it."""
    traceback.print_exception(error)
    return jsonify(error=error.error, detail=error.description), 502


@app.errorhandler(HTTPError)
def http_error(error):
    traceback.print_exception(error)
    return jsonify(error=f"http_{error.response.status_code}"), 502


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ["PORT"]), threaded=True)
