// The protocol by hand, where the proof must see an answer without a library between.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';

const verifier = 'the-code-verifier-of-the-proof-which-is-long-enough';

export const provider = (issuer) => new Provider(issuer);

class Provider {
  constructor(issuer) {
    this.issuer = issuer;
  }

  async metadata() {
    this.known ??= await (await fetch(`${this.issuer}/.well-known/openid-configuration`)).json();
    return this.known;
  }

  async keys() {
    const { jwks_uri } = await this.metadata();
    return (await (await fetch(jwks_uri)).json()).keys;
  }

  /** An authorization request by this client, with PKCE. */
  async authorizeUrl(client, redirectUri, more = {}) {
    const url = new URL((await this.metadata()).authorization_endpoint);
    const parameters = {
      response_type: 'code',
      client_id: client.id,
      redirect_uri: redirectUri,
      scope: 'openid',
      state: 'the state & its "quotes"',
      nonce: 'a-nonce',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...more,
    };
    url.search = new URLSearchParams(parameters);
    return url.href;
  }

  redeem(client, redirectUri, code) {
    return this.token(client, { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier });
  }

  refresh(client, refreshToken) {
    return this.token(client, { grant_type: 'refresh_token', refresh_token: refreshToken });
  }

  async token(client, form) {
    return post((await this.metadata()).token_endpoint, form, client);
  }

  async introspect(client, token) {
    return post((await this.metadata()).introspection_endpoint, { token }, client);
  }

  async userinfo(accessToken) {
    const { userinfo_endpoint } = await this.metadata();
    return answer(await fetch(userinfo_endpoint, { headers: { authorization: `Bearer ${accessToken}` } }));
  }
}

/** A form post as this client, by client_secret_basic. */
async function post(url, form, { id, secret }) {
  const encoded = [id, secret].map((part) => new URLSearchParams({ part }).toString().slice('part='.length));
  const authorization = `Basic ${Buffer.from(encoded.join(':')).toString('base64')}`;
  return answer(await fetch(url, { method: 'POST', headers: { authorization }, body: new URLSearchParams(form) }));
}

async function answer(response) {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

export function decode(jwt) {
  const [header, claims] = jwt.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
  return { header, claims };
}

/** Checks the signature against the published keys; answers header and claims. */
export function validate(jwt, keys) {
  const { header, claims } = decode(jwt);
  const key = keys.find(({ kid }) => kid === header.kid);
  assert.ok(key, `key ${header.kid} is published`);
  assert.equal(key.alg, header.alg);
  assert.equal(header.alg, 'RS256', 'ID tokens are RS256 unless the client chose otherwise');
  const [signed, signature] = [jwt.slice(0, jwt.lastIndexOf('.')), jwt.slice(jwt.lastIndexOf('.') + 1)];
  const valid = verify('sha256', Buffer.from(signed), createPublicKey({ key, format: 'jwk' }), Buffer.from(signature, 'base64url'));
  assert.ok(valid, 'the signature is good');
  return { header, claims };
}
