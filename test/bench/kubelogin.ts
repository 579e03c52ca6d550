/** A login of kubelogin (int128) with an OpenID Connect server of our own, which is closed before anything is measured. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { execute } from '../support/child.ts';
import { createSigner, type Signer } from '../support/api-server/tokens.ts';
import { listenOnLoopback } from '../support/loopback.ts';
import { holds } from './rows.ts';
import type { Command } from './sampler.ts';

const client = 'bench';

export async function logInToKubelogin(
  path: string,
  folder: string,
  env: Record<string, string>,
): Promise<{ command: Command; wrong: ReturnType<typeof holds> }> {
  const signer = await createSigner(false);
  const server = createServer((request, response) => void answer(signer, request, response));
  const issuer = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  const provider = ['--oidc-issuer-url', issuer, '--oidc-client-id', client];
  const login = ['--grant-type', 'password', '--username', 'robot', '--password', 'bench'];
  const argv = [path, 'get-token', ...provider, ...login, '--token-cache-dir', join(folder, 'cache')];
  try {
    const { code, stdout, stderr } = await execute(argv, { env, cwd: folder });
    const token = /"token":\s*"([^"]+)"/.exec(stdout)?.[1];
    if (token === undefined)
      throw new Error(`its login ended with ${code}: ${stderr.trim().split('\n').at(-1)}`);
    return { command: { argv, env, cwd: folder }, wrong: holds(token) };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function answer(signer: Signer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const issuer = `http://${request.headers.host}`;
  const answers: Record<string, () => unknown> = {
    '/.well-known/openid-configuration': () => ({
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    }),
    '/keys': () => signer.jwks,
    '/token': async () => ({
      access_token: 'none',
      token_type: 'Bearer',
      expires_in: 3600,
      id_token: await idToken(signer, issuer),
    }),
  };
  const body = await answers[request.url ?? '']?.();
  response.writeHead(body === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body ?? {}));
}

function idToken(signer: Signer, issuer: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return signer.sign({ iss: issuer, aud: client, sub: 'robot', iat: now, exp: now + 3600 });
}
