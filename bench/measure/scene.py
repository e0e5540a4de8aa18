"""People, clients and tokens: made by the command line and by walking through the pages."""

import base64
import hashlib
import html
import http.client
import json
import re
import secrets
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

from processes import Trouble

PASSWORD = "lantern-orchard-velvet-51"
USERNAMES = [f"person-{number:02}" for number in range(16)]
REDIRECT_URI = "http://127.0.0.1:9/callback"
TOKEN_SCOPE = "openid profile email"
# Without `openid` no ID token comes along.
REFRESH_SCOPE = "offline_access"
ACCESS_TOKENS = 64


class Scene:
    def __init__(self, server, folder, families):
        self.server = server
        self.folder = folder
        self.file = folder / "scene.json"
        self.access_tokens = folder / "access-tokens.txt"
        self.refresh_tokens = folder / "refresh-tokens.txt"
        self._people()
        web = self._web_client()
        self.web = self.authorization("web", web)
        self.machines = {alg: self.authorization(alg.lower(), self._machine(alg)) for alg in ("ES256", "RS256")}
        self._tokens(web, families)

    def _people(self):
        for name in USERNAMES:
            self.server.command(
                "user", "create", "--username", name, "--email", f"{name}@example.test", "--email-verified",
                "--password-stdin", text_input=PASSWORD + "\n",
            )

    def _web_client(self):
        return self.server.command(
            "client", "create", "--id", "bench-web", "--name", "Bench web", "--type", "confidential",
            "--redirect-uri", REDIRECT_URI, "--grant-type", "authorization_code", "--grant-type", "refresh_token",
            "--scope", "openid profile email offline_access", "--auth-method", "client_secret_basic",
            "--access-token-alg", "ES256", "--skip-consent",
        )

    def _machine(self, alg):
        return self.server.command(
            "client", "create", "--id", f"bench-{alg.lower()}", "--name", f"Bench {alg}", "--type", "confidential",
            "--grant-type", "client_credentials", "--auth-method", "client_secret_basic", "--access-token-alg", alg,
        )

    def authorization(self, name, client):
        """A file with the value of the client's Authorization header (RFC 6749 section 2.3.1)."""
        pair = f"{quote_plus(client['client_id'])}:{quote_plus(client['client_secret'])}"
        file = self.folder / f"authorization-{name}.txt"
        file.write_text("Basic " + base64.b64encode(pair.encode()).decode() + "\n")
        return file

    def _tokens(self, web, families):
        browsers = [Browser(self.server.address) for _ in USERNAMES]
        session_cookies = {browser.sign_in(name) for browser, name in zip(browsers, USERNAMES)}
        turn = [browsers[number % len(browsers)] for number in range(max(families, ACCESS_TOKENS))]
        app = App(self.server.address, web["client_id"], self.web.read_text().strip())

        access = [app.tokens(browser, TOKEN_SCOPE)["access_token"] for browser in turn[:ACCESS_TOKENS]]
        app.check(access)
        self.access_tokens.write_text("".join(token + "\n" for token in access))

        refresh = [app.refresh_token(browser, REFRESH_SCOPE) for browser in turn[:families]]
        self.refresh_tokens.write_text("".join(token + "\n" for token in refresh))
        for browser in browsers:
            browser.close()

        self.file.write_text(json.dumps({
            "address": self.server.address,
            "authorization": app.authorization,
            "access_tokens": access,
            "usernames": USERNAMES,
            "password": PASSWORD,
            "session_cookie": session_cookies.pop(),
        }))
        self.app, self.introspected = app, access

    def check_sign_in(self, username):
        browser = Browser(self.server.address)
        browser.sign_in(username)
        browser.close()

    def check(self):
        """The tokens are alive still: a dead one is answered faster."""
        self.app.check(self.introspected)


class Visitor:
    """HTTP with cookies, no redirects followed."""

    def __init__(self, address):
        host, port = address.split(":")
        self.origin = f"http://{address}"
        self.cookies = {}
        self._connection = http.client.HTTPConnection(host, int(port), timeout=10)

    def ask(self, method, path, form=None, headers=None):
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **(headers or {})}
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.origin}
        self._connection.request(method, path, form and urlencode(form), headers)
        answer = self._connection.getresponse()
        body = answer.read().decode()
        # Minutes may pass before the next question; the server closes idle connections.
        self._connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer, body

    def close(self):
        self._connection.close()


class Browser(Visitor):
    def sign_in(self, username):
        """Answers the name of the session cookie."""
        _, page = self.ask("GET", "/login")
        csrf = re.search(r'name="csrf_token" value="([^"]*)"', page)
        if not csrf:
            raise Trouble(f"the sign-in page has no CSRF field:\n{page[:500]}")
        form = {"csrf_token": html.unescape(csrf[1]), "next": "", "username": username, "password": PASSWORD}
        before = set(self.cookies)
        answer, page = self.ask("POST", "/login", form)
        new = {name for name in set(self.cookies) - before if re.fullmatch(r"(__Host-)?portcullis", name)}
        if answer.status not in (200, 302, 303) or len(new) != 1:
            raise Trouble(f"{username} cannot sign in: {answer.status}, new cookies {new}\n{page[:500]}")
        return new.pop()

    def authorize(self, parameters):
        """Answers the code."""
        path = "/oauth2/authorize?" + urlencode(parameters)
        for _ in range(4):
            answer, page = self.ask("GET", path)
            location = answer.headers.get("Location", "")
            if location.startswith(REDIRECT_URI):
                query = parse_qs(urlsplit(location).query)
                if "code" not in query:
                    raise Trouble(f"no code: {location}")
                return query["code"][0]
            if answer.status not in (302, 303) or not location:
                raise Trouble(f"authorization stops with {answer.status} at {path}:\n{page[:500]}")
            path = location.removeprefix(self.origin)
        raise Trouble(f"authorization goes in circles: {path}")


class App(Visitor):
    """The client that the people signed in to."""

    def __init__(self, address, client_id, authorization):
        super().__init__(address)
        self.client_id = client_id
        self.authorization = authorization

    def post(self, path, form):
        answer, body = self.ask("POST", path, form, {"Authorization": self.authorization})
        if answer.status != 200:
            raise Trouble(f"POST {path} {form.get('grant_type', '')}: {answer.status} {body[:500]}")
        return json.loads(body)

    def post_json(self, path, body, authorization):
        """As another client than this one."""
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        self._connection.request("POST", path, body, headers)
        answer = self._connection.getresponse()
        told = answer.read().decode()
        self._connection.close()
        if answer.status != 200:
            raise Trouble(f"POST {path}: {answer.status} {told[:500]}")
        return json.loads(told)

    def tokens(self, browser, scope):
        verifier = secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        code = browser.authorize({
            "response_type": "code", "client_id": self.client_id, "redirect_uri": REDIRECT_URI, "scope": scope,
            "state": "bench", "code_challenge": challenge, "code_challenge_method": "S256",
        })
        return self.post("/oauth2/token", {
            "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": verifier,
        })

    def refresh_token(self, browser, scope):
        answer = self.tokens(browser, scope)
        if "refresh_token" not in answer:
            raise Trouble(f"no refresh token for scope `{scope}`: {sorted(answer)}")
        return answer["refresh_token"]

    def check(self, access_tokens):
        for token in access_tokens:
            if self.post("/oauth2/introspect", {"token": token}).get("active") is not True:
                raise Trouble("a token to be introspected is not active")
            answer, body = self.ask("GET", "/oauth2/userinfo", headers={"Authorization": f"Bearer {token}"})
            if answer.status != 200:
                raise Trouble(f"userinfo: {answer.status} {body[:300]}")
