// An application reduced to its callback: it keeps what arrives there.
import { createServer } from 'node:http';
import { eventually, freePort } from '../relying_parties/harness/processes.mjs';

export async function startCallback() {
  const port = await freePort();
  const callback = new Callback(port);
  callback.server = createServer((request, response) => callback.serve(request, response));
  await new Promise((resolve) => callback.server.listen(port, '127.0.0.1', resolve));
  return callback;
}

class Callback {
  arrivals = [];

  constructor(port) {
    this.origin = `http://127.0.0.1:${port}`;
    this.uri = `${this.origin}/callback`;
    /** A callback that sends the browser on to a third origin. */
    this.onwardUri = `${this.origin}/onward`;
    this.thirdOrigin = `http://localhost:${port}`;
  }

  async serve(request, response) {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    const { pathname, searchParams } = new URL(request.url, this.origin);
    if (pathname === '/onward') return response.writeHead(302, { location: `${this.thirdOrigin}/landed` }).end();
    if (pathname === '/callback') this.arrivals.push({ method: request.method, query: searchParams, form: new URLSearchParams(body) });
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>App</title><p id="arrived">${pathname}</p>`);
    return undefined;
  }

  /** The parameters of the next arrival, in a query unless said otherwise. */
  async next(method = 'GET') {
    const arrival = await eventually(`a ${method} at the callback`, () => this.arrivals.shift(), 5_000);
    if (arrival.method !== method) throw new Error(`${arrival.method} came instead of ${method}`);
    return Object.fromEntries(method === 'GET' ? arrival.query : arrival.form);
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}
