/** Checks of what is between: that the call reaches an API server as it was sent, and that little else does. */
import { exit } from '../../errors/codes.ts';
import { isForeignPath, statusMessage } from '../../exchange/refusals.ts';
import { judgeReply, tokenPath } from '../../exchange/token-request.ts';
import type { Reply } from '../../http/request.ts';
import { isObject, parseJson } from '../../base/json.ts';
import type { Target } from '../../settings/target.ts';
import { fail, ok, warn, type Finding } from '../check.ts';
import type { Facts } from '../facts.ts';

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  /** What it is called where it has no effect, so that it opens nothing. */
  readonly harmless?: string;
}

/** What an API server answers to somebody, and a proxy should not. */
const others = ['/version', '/api', '/apis', '/openid/v1/jwks', '/api/v1/namespaces'] as const;

/**
 * The call without a token: an API server says 403 to system:anonymous, or 401, in a Status. Another name in it, or a
 * token, means that something on the way lends its own identity (src/CONTRACTS.md 5.1, 5.2).
 */
export async function proxy(facts: Facts): Promise<Finding> {
  const { reply, asked } = await facts.anonymous();
  const message = statusMessage(reply.body);
  if (reply.status === 201)
    return fail(
      'a caller without a token was given one',
      'something on the way adds a credential of its own: take it away at once',
      exit.refused,
    );
  if (message === undefined || isForeignPath(message)) {
    // It was no API server that spoke, or it was asked for another path; the exchange has the words for each.
    judgeReply(await facts.target(), reply, asked / 1000);
  }
  const user = /\bUser "([^"]*)"/.exec(message ?? '')?.[1];
  if (user !== undefined && user !== 'system:anonymous')
    return fail(
      `a caller without a token is taken for ${user}`,
      'something on the way adds a credential of its own: take it away',
      exit.refused,
    );
  const anonymous = user === undefined ? '' : ' for system:anonymous';
  return ok(`an API server answers (${reply.status}${anonymous})`);
}

/** All calls are tried without a token: what answers shows itself, and nothing is at stake. */
export async function exposed(facts: Facts): Promise<Finding> {
  const tried = await Promise.all(
    callsFor(await facts.target()).map(async (call) => ({
      ...call,
      through: isKubernetes((await facts.call(call.method, call.path, call.body)).reply),
    })),
  );
  const open = tried.filter(({ through }) => through);
  if (open.length === 0)
    return ok(`POST …/token alone: none of the ${tried.length} other calls tried reaches the API server`);
  if (open.length === tried.length && new URL(facts.settings().server).pathname === '/')
    return ok('this is an API server itself, not a proxy');
  if (open.every(({ harmless }) => harmless !== undefined))
    return ok(`POST …/token, and ${open.map(({ harmless }) => harmless).join(', and ')}, which does nothing`);
  return warn(
    `more than POST …/token reaches the API server: ${open.map(shown).join(', ')}`,
    'let nothing else through: kubectl sa-token manifest proxy',
  );
}

/** What proxies let through that match too little of a call: the folder, the method, or the beginning of a path. */
function callsFor(target: Target): Call[] {
  const [token, group] = [tokenPath(target), 'authentication.k8s.io/v1'];
  const account = token.replace(/\/token$/, '');
  const review = JSON.stringify({ apiVersion: group, kind: 'SelfSubjectReview' });
  const request = JSON.stringify({ apiVersion: group, kind: 'TokenRequest', spec: {} });
  return [
    ...others.map((path) => ({ method: 'GET' as const, path })),
    { method: 'GET', path: `/api/v1/namespaces/${target.namespace}/secrets` },
    { method: 'GET', path: account },
    { method: 'POST', path: `/apis/${group}/selfsubjectreviews`, body: review },
    { method: 'GET', path: token, harmless: 'GET of the same' },
    { method: 'POST', path: `${token}?dryRun=All`, body: request, harmless: 'the same with a query' },
  ];
}

function shown({ method, path }: Call): string {
  return `${method} ${path.replace(/.*\/token(?=$|\?)/, '…/token')}`;
}

/** The API server's mark is on everything that it answers (audit), or it is its own kind of body. */
function isKubernetes(reply: Reply): boolean {
  const body = parseJson(reply.body);
  return (
    reply.headers['audit-id'] !== undefined ||
    statusMessage(reply.body) !== undefined ||
    (isObject(body) &&
      (body['gitVersion'] !== undefined || body['keys'] !== undefined || body['kind'] !== undefined))
  );
}
