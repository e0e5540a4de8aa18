// A web application on npm `openid-client`: the surface every relying party here has
// (/, /login, /callback, /me, /userinfo, /refresh, /logout, /signed-out).
//
// It authenticates with client_secret_post (the library's default), so that the four
// applications together cover both ways of sending a secret.
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import * as oidc from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT } = process.env;
const home = `http://127.0.0.1:${PORT}`;
const scope = 'openid profile email offline_access groups';

const config = await oidc.discovery(
  new URL(ISSUER), CLIENT_ID, undefined, oidc.ClientSecretPost(CLIENT_SECRET),
  { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] },
);

/** What a browser has here: `pending` while it is away signing in, `tokens` afterwards. */
const sessions = new Map();

const routes = {
  '/': () => html('<a id="sign-in" href="/login">Sign in</a>'),
  '/login': login,
  '/callback': callback,
  '/me': (request) => json(200, shown(signedIn(request))),
  '/userinfo': userinfo,
  '/refresh': refresh,
  '/logout': logout,
  '/signed-out': () => html('<p id="signed-out">You are signed out of this application.</p>'),
};

async function login() {
  const id = randomUUID();
  const pending = {
    pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
    expectedState: oidc.randomState(),
    expectedNonce: oidc.randomNonce(),
  };
  sessions.set(id, { pending });
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: `${home}/callback`,
    scope,
    state: pending.expectedState,
    nonce: pending.expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pending.pkceCodeVerifier),
    code_challenge_method: 'S256',
  });
  return redirect(url, { 'set-cookie': `openid_client=${id}; Path=/; HttpOnly; SameSite=Lax` });
}

async function callback(request) {
  const session = sessionOf(request);
  if (!session?.pending) throw new NotSignedIn();
  const tokens = await oidc.authorizationCodeGrant(config, new URL(request.url, home), {
    ...session.pending, idTokenExpected: true,
  });
  Object.assign(session, { pending: undefined, tokens, claims: tokens.claims(), idToken: tokens.id_token });
  return redirect(new URL('/me', home));
}

async function userinfo(request) {
  const { tokens, claims } = signedIn(request);
  return json(200, await oidc.fetchUserInfo(config, tokens.access_token, claims.sub));
}

async function refresh(request) {
  const session = signedIn(request);
  const tokens = await oidc.refreshTokenGrant(config, session.tokens.refresh_token);
  session.tokens = { ...session.tokens, ...tokens };
  session.claims = tokens.claims() ?? session.claims;
  session.idToken = tokens.id_token ?? session.idToken;
  return json(200, shown(session));
}

function logout(request) {
  const { idToken } = signedIn(request);
  sessions.delete(sessionId(request));
  return redirect(oidc.buildEndSessionUrl(config, {
    id_token_hint: idToken,
    post_logout_redirect_uri: `${home}/signed-out`,
  }));
}

class NotSignedIn extends Error {}

function signedIn(request) {
  const session = sessionOf(request);
  if (!session?.tokens) throw new NotSignedIn();
  return session;
}

function sessionOf(request) {
  return sessions.get(sessionId(request));
}

function sessionId(request) {
  return /(?:^|;\s*)openid_client=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1];
}

function shown({ claims, tokens, idToken }) {
  const { access_token, refresh_token } = tokens;
  return { claims, tokens: { access_token, refresh_token, id_token: idToken } };
}

const html = (body) => ({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body });
const json = (status, value) => ({ status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) });
const redirect = (url, headers = {}) => ({ status: 302, headers: { ...headers, location: url.href }, body: '' });

/** The server's own error code comes back as it is: the driver asserts on it. */
function failure(error) {
  if (error instanceof NotSignedIn) return json(401, { error: 'not_signed_in' });
  console.error(error);
  return json(502, { error: error.error ?? error.code ?? error.name, detail: error.message, cause: String(error.cause?.message ?? '') });
}

createServer(async (request, response) => {
  const route = routes[new URL(request.url, home).pathname] ?? (() => json(404, { error: 'not_found' }));
  const answer = await Promise.resolve().then(() => route(request)).catch(failure);
  response.writeHead(answer.status, { 'cache-control': 'no-store', ...answer.headers }).end(answer.body);
}).listen(Number(PORT), '127.0.0.1');
