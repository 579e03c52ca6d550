/** Words for calls to an API server beside the exchange: reviews, the issuer's keys. Exit codes 2, 4 and 5. */
import { exit, oneLine, SaTokenError } from './error.ts';
import { shellWord } from './usage.ts';

const usage = (code: string, what: string, hint: string, cause?: unknown): SaTokenError =>
  new SaTokenError({ code, exitCode: exit.usage, what, hint, cause });

const refused = (code: string, what: string, hint: string): SaTokenError =>
  new SaTokenError({ code, exitCode: exit.refused, what, hint });

export const noKubeconfig = (file: string): SaTokenError =>
  usage('no-kubeconfig', `there is no kubeconfig at ${file}`, 'name one with --kubeconfig or KUBECONFIG');

export const unusableKubeconfig = (file: string, why: string, cause?: unknown): SaTokenError =>
  usage(
    'bad-kubeconfig',
    `${file}: cannot be used (${oneLine(why, 300)})`,
    'see what is wrong with: kubectl config view',
    cause,
  );

/** kubectl itself cannot load it. */
export const unloadable = (file: string, why: string, how = 'mend that line'): SaTokenError =>
  usage('bad-kubeconfig', `${file}: kubectl cannot load it: ${oneLine(why, 300)}`, how);

export const badKuberc = (file: string, why: string, cause?: unknown): SaTokenError =>
  usage(
    'bad-kuberc',
    `${file}: ${oneLine(why, 300)}`,
    'mend the file, or have kubectl leave it out: export KUBERC=off',
    cause,
  );

export const noContext = (context: string, known: readonly string[]): SaTokenError =>
  usage(
    'no-context',
    context === '' ? 'the kubeconfig has no current context' : `the kubeconfig has no context "${context}"`,
    known.length === 0
      ? 'name another file with --kubeconfig'
      : `name one with --context: ${known.join(', ')}`,
  );

/** The kubeconfig's own user may not ask; not the token that was to be looked at. */
export const notAllowed = (server: string, what: string, message: string, hint: string): SaTokenError =>
  refused(
    'not-allowed',
    `${server}: the kubeconfig's user may not ${what} (403): ${oneLine(message, 300)}`,
    hint,
  );

export const notLoggedInThere = (server: string): SaTokenError =>
  refused(
    'kubeconfig-refused',
    `${server}: the kubeconfig's user is refused (401)`,
    'see whether it still works: kubectl auth whoami; or name another context with --context',
  );

/** What is asked for is not there: an old API server, or no API server at all. */
export const notServed = (server: string, what: string, hint: string): SaTokenError =>
  new SaTokenError({
    code: 'not-served',
    exitCode: exit.unreachable,
    what: `${server} does not serve ${what}`,
    hint,
  });

export const apiFailed = (server: string, why: string, cause?: unknown): SaTokenError =>
  new SaTokenError({
    code: 'api-failed',
    exitCode: exit.unreachable,
    what: `${server}: ${oneLine(why, 400)}`,
    hint: 'see whether it answers kubectl: kubectl get --raw /version; or name another context with --context',
    cause,
  });

/** The context's user logs in by another program, which is not there. */
export const noContextPlugin = (plugin: string, cause: unknown): SaTokenError =>
  usage(
    'no-context-plugin',
    `the context's credential plugin ${oneLine(plugin, 200)} is not on PATH`,
    'install it, or name another context with --context',
    cause,
  );

/** That program did not give a credential. */
export const contextPluginFailed = (plugin: string, why: string, cause?: unknown): SaTokenError =>
  new SaTokenError({
    code: 'context-plugin-failed',
    exitCode: exit.unreachable,
    what: `the context's credential plugin ${oneLine(plugin, 200)} ${oneLine(why, 300)}`,
    hint: 'see whether kubectl can use that context: kubectl auth whoami; or name another one with --context',
    cause,
  });

/** The address of the kubeconfig's cluster is not fit for a token. */
export const unsafeCluster = (server: string, why: string, hint: string): SaTokenError =>
  usage('unsafe-cluster', `${server}: ${why}`, hint);

/** Why an API server does not take a token: TokenReview says it, a 401 does not. */
export const tokenRefused = (token: string, server: string, reason: string, hint: string): SaTokenError =>
  refused('token-refused', `${server} refuses ${token}: ${oneLine(reason, 400)}`, hint);

/** A 401 for the issued token itself. A review asks as the kubeconfig's user, who may be the very one that is refused. */
export const selfRefused = (
  server: string,
  { profile = 'PROFILE', kubeconfig, audience }: RefusedSelf = {},
): SaTokenError => {
  const file = kubeconfig === undefined ? '' : ` --kubeconfig ${shellWord(kubeconfig)}`;
  const ask = `ask why, as somebody who may: kubectl sa-token review ${profile}${file} --context CONTEXT`;
  const refusal = `${server}: the issued token is refused (401)`;
  return audience === undefined
    ? refused('issued-token-refused', `${refusal}: it was revoked, or is of another cluster`, ask)
    : refused(
        'issued-token-refused',
        `${refusal}: it is for the audience ${audience.join(', ')}`,
        `the API server takes tokens for itself: use a profile without --audience; or ${ask}`,
      );
};

/** Whose token it was that was refused, and what it was issued for. */
interface RefusedSelf {
  readonly profile?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly audience?: readonly string[] | undefined;
}

/** The issued token cannot be reviewed where there is none; the source token can, and the API server says what is wrong. */
export const sourceRefused = (error: SaTokenError, profile = 'PROFILE', context = 'CONTEXT'): SaTokenError =>
  new SaTokenError({
    code: error.code,
    exitCode: error.exitCode,
    what: error.message,
    cause: error,
    hint: `${error.hint ?? ''}; or see why: kubectl sa-token review ${profile} --source --context ${shellWord(context)}`,
  });

export const selfForbidden = (server: string, message: string): SaTokenError =>
  refused(
    'whoami-forbidden',
    `${server}: the issued token may not ask who it is (403): ${oneLine(message, 300)}`,
    'the ClusterRole system:basic-user allows it to everybody who is authenticated: see whether its binding is there',
  );

export const keysUnreachable = (
  url: string,
  why: string,
  cause?: unknown,
  hint = 'read them through the API server with --context NAME, or name another issuer with --issuer-url',
): SaTokenError =>
  new SaTokenError({
    code: 'keys-unreachable',
    exitCode: exit.unreachable,
    what: `cannot read the issuer's keys at ${url}: ${oneLine(why, 400)}`,
    hint,
    cause,
  });

/** The context was asked already: another may know more, or have more rights. */
export const keysUnreachableThere = (url: string, why: string, cause?: unknown): SaTokenError =>
  keysUnreachable(
    url,
    why,
    cause,
    'see whether the context may read them: kubectl get --raw /openid/v1/jwks; or name the issuer with --issuer-url',
  );

export const badKeys = (url: string, why: string): SaTokenError =>
  new SaTokenError({
    code: 'bad-keys',
    exitCode: exit.unreachable,
    what: `${url}: ${why}`,
    hint: 'read the keys through the API server with --context NAME, or name another issuer with --issuer-url',
  });

/** There is nothing to begin with: no URL in the token, none given. */
export const unknownIssuer = (issuer: string): SaTokenError =>
  usage(
    'unknown-issuer',
    `the issuer ${JSON.stringify(issuer)} is no https:// address, so its keys cannot be found by it`,
    'read them through the API server with --context NAME, or give --issuer-url',
  );

export const notVerified = (token: string, why: string): SaTokenError =>
  refused(
    'not-verified',
    `${token}: ${why}`,
    'it is of another cluster, or the keys were changed since: log in again, or check where the keys were read',
  );

/** A whole line, beside an answer: the client is refused a token that is too fresh to have been revoked. */
export const freshTokenRefused = (name: string, server: string, seconds: number): string =>
  `kubectl-sa-token: ${name}: the API server of this context refuses a token that was issued ${seconds} s ago; ` +
  `it may be another cluster than ${server}: kubectl sa-token doctor ${name}`;
