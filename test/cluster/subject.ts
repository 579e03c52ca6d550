/** What the contract tests look at: a real API server of either minor, or the fake one that the other tests use. */
import { randomUUID } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { createApiClient, type Answer, type Call } from './api-client.ts';
import type { ControlPlane } from './control-plane.ts';
import { signToken } from './signing-key.ts';
import { startServer } from '../support/token-request-server.ts';

/** The account `bot` of a namespace of its own, with the legacy token of its Secret `bot-token`. */
export interface Bot {
  namespace: string;
  /** Where tokens of the bot are asked for, which it may do; `ghost`, which it may ask for too, is not there. */
  path: string;
  /** Where tokens of the account `other` are, which it may not ask for. */
  otherPath: string;
  ghostPath: string;
  token: string;
  uid: string;
  secretUid: string;
}

export interface Subject {
  version: string;
  issuer: string;
  call(method: string, path: string, call?: Call): Promise<Answer>;
  makeBot(): Promise<Bot>;
  sign(claims: JWTPayload): Promise<string>;
  deleteAccount(bot: Bot): Promise<unknown>;
  deleteSecret(bot: Bot): Promise<unknown>;
  /** Names the Secret in the account's `secrets`, which makes it pass for an auto-generated one. */
  listSecret(bot: Bot): Promise<unknown>;
  /** Labels the Secret as the legacy token cleaner labels one long unused. */
  markInvalid(bot: Bot): Promise<unknown>;
}

const ALLOWED = ['bot', 'ghost'];
const INVALID_SINCE = { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' };

export function realSubject(plane: ControlPlane): Subject {
  const patch = (path: string, body: unknown) =>
    plane.need('PATCH', path, { body, headers: { 'content-type': 'application/merge-patch+json' } });
  return {
    version: plane.version,
    issuer: plane.issuer,
    call: (...args) => plane.call(...args),
    async makeBot() {
      const namespace = newNamespace();
      await plane.makeNamespace(namespace);
      for (const name of ['bot', 'other']) await plane.makeServiceAccount(namespace, name);
      const made = await plane.makeLegacyToken({ namespace, serviceAccount: 'bot', secretName: 'bot-token' });
      await plane.allowTokenRequests(namespace, 'bot', ALLOWED);
      return {
        ...paths(namespace),
        token: made.token,
        uid: made.serviceAccountUid,
        secretUid: made.secretUid,
      };
    },
    sign: (claims) => signToken(plane.signingKey, claims),
    deleteAccount: ({ namespace }) => plane.need('DELETE', `${home(namespace)}/serviceaccounts/bot`),
    deleteSecret: ({ namespace }) => plane.need('DELETE', `${home(namespace)}/secrets/bot-token`),
    listSecret: ({ namespace }) =>
      patch(`${home(namespace)}/serviceaccounts/bot`, { secrets: [{ name: 'bot-token' }] }),
    markInvalid: ({ namespace }) =>
      patch(`${home(namespace)}/secrets/bot-token`, { metadata: { labels: INVALID_SINCE } }),
  };
}

/** The fake, which follows the newest minor. */
export async function startFakeSubject(): Promise<Subject & { stop(): Promise<void> }> {
  const server = await startServer({ maxExpirationSeconds: 7200 });
  const { cluster, issuer, caPem } = server;
  const client = createApiClient(server.apiUrl, { caPem });
  return {
    version: 'test/support/token-request-server.ts',
    issuer,
    call: (method, path, { as = 'admin', ...call } = {}) =>
      client.call(method, path, { ...call, as: as === 'admin' ? { token: server.adminToken } : as }),
    async makeBot() {
      const namespace = newNamespace();
      for (const name of ['bot', 'other']) cluster.createAccount({ namespace, name });
      const made = await cluster.createSecretToken({ namespace, serviceAccount: 'bot' });
      for (const name of ALLOWED) cluster.allow({ namespace, name: 'bot' }, { name });
      return { ...paths(namespace), token: made.token, uid: made.uid, secretUid: made.secretUid };
    },
    sign: (claims) => cluster.settings.signer.sign(claims),
    deleteAccount: async ({ namespace }) => cluster.deleteAccount({ namespace, name: 'bot' }),
    deleteSecret: async ({ namespace }) => cluster.deleteSecret({ namespace, name: 'bot-token' }),
    listSecret: async ({ namespace }) => cluster.accounts.get(`${namespace}/bot`)?.secrets.push('bot-token'),
    markInvalid: async ({ namespace }) =>
      Object.assign(cluster.secrets.get(`${namespace}/bot-token`)?.labels ?? {}, INVALID_SINCE),
    async stop() {
      client.close();
      await server.close();
    },
  };
}

function newNamespace(): string {
  return `test-${randomUUID().slice(0, 8)}`;
}

function home(namespace: string): string {
  return `/api/v1/namespaces/${namespace}`;
}

function paths(namespace: string) {
  const path = (account: string) => `${home(namespace)}/serviceaccounts/${account}/token`;
  return { namespace, path: path('bot'), otherPath: path('other'), ghostPath: path('ghost') };
}
