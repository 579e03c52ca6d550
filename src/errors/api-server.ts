/** Words for calls to an API server beside the exchange: reviews, the issuer's keys. Exit codes 2, 4 and 5. */
import { oneLine, SaTokenError, words } from './error.ts';
import { kubeconfigFlag, shellWord } from './usage.ts';

export const noKubeconfig = words('no-kubeconfig', (file: string) => [
  `there is no kubeconfig at ${file}`,
  'name one with --kubeconfig or KUBECONFIG',
]);

/** What kubectl itself says of it. */
export const unloadable = words('bad-kubeconfig', (said: string) => [
  `kubectl cannot load the kubeconfig: ${oneLine(said, 300)}`,
  'correct that file',
]);

export const badKuberc = words('bad-kuberc', (file: string, why: string, cause?: unknown) => [
  `${file}: ${oneLine(why, 300)}`,
  'correct the file, or have kubectl ignore it: export KUBERC=off',
  cause,
]);

export const noContext = words('no-context', (context: string, known: readonly string[]) => [
  context === '' ? 'the kubeconfig has no current context' : `the kubeconfig has no context "${context}"`,
  known.length === 0 ? 'name another file with --kubeconfig' : `name one with --context: ${known.join(', ')}`,
]);

/** The kubeconfig's own user may not ask; not the token that was to be looked at. */
export const notAllowed = words(
  'not-allowed',
  (server: string, what: string, message: string, hint: string) => [
    `${server}: the kubeconfig's user may not ${what} (403): ${oneLine(message, 300)}`,
    hint,
  ],
);

export const notLoggedInThere = words('kubeconfig-refused', (server: string) => [
  `${server}: the kubeconfig's user is refused (401)`,
  'see whether it still works: kubectl auth whoami; or name another context with --context',
]);

/** What is asked for is not there: an old API server, or no API server at all. */
export const notServed = words('not-served', (server: string, what: string, hint: string) => [
  `${server} does not serve ${what}`,
  hint,
]);

export const apiFailed = words('api-failed', (server: string, why: string, cause?: unknown) => [
  `${server}: ${oneLine(why, 400)}`,
  'see whether it answers kubectl: kubectl get --raw /version; or name another context with --context',
  cause,
]);

/** The context's user logs in by another program, which is not there. */
export const noContextPlugin = words('no-context-plugin', (plugin: string, cause: unknown) => [
  `the context's credential plugin ${oneLine(plugin, 200)} is not on PATH`,
  'install it, or name another context with --context',
  cause,
]);

/** That program did not give a credential. */
export const contextPluginFailed = words(
  'context-plugin-failed',
  (plugin: string, why: string, cause?: unknown) => [
    `the context's credential plugin ${oneLine(plugin, 200)} ${oneLine(why, 300)}`,
    'see whether kubectl can use that context: kubectl auth whoami; or name another one with --context',
    cause,
  ],
);

/** The address of the kubeconfig's cluster is not fit for a token. */
export const unsafeCluster = words('unsafe-cluster', (server: string, why: string, hint: string) => [
  `${server}: ${why}`,
  hint,
]);

/** Why an API server does not take a token: TokenReview says it, a 401 does not. */
export const tokenRefused = words(
  'token-refused',
  (token: string, server: string, reason: string, hint: string) => [
    `${server} refuses ${token}: ${oneLine(reason, 400)}`,
    hint,
  ],
);

/** Whose token it was that was refused, and what it was issued for. */
interface RefusedSelf {
  readonly profile?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly audience?: readonly string[] | undefined;
}

/** A 401 for the issued token itself. A review asks as the kubeconfig's user, who may be the very one that is refused. */
export const selfRefused = words(
  'issued-token-refused',
  (server: string, { profile = 'PROFILE', kubeconfig, audience }: RefusedSelf = {}) => {
    const ask = `ask why, as somebody who may: kubectl sa-token review ${profile}${kubeconfigFlag(kubeconfig)} --context CONTEXT`;
    const refusal = `${server}: the issued token is refused (401)`;
    return audience === undefined
      ? [`${refusal}: it was revoked, or is for another cluster`, ask]
      : [
          `${refusal}: it is for the audience ${audience.join(', ')}`,
          `the API server takes tokens for itself: use a profile without --audience; or ${ask}`,
        ];
  },
);

/** The issued token cannot be reviewed where there is none; the source token can, and the API server says what is wrong. */
export const sourceRefused = (error: SaTokenError, profile = 'PROFILE', context = 'CONTEXT'): SaTokenError =>
  new SaTokenError({
    code: error.code,
    what: error.message,
    cause: error,
    hint: `${error.hint ?? ''}; or see why: kubectl sa-token review ${profile} --source --context ${shellWord(context)}`,
  });

export const selfForbidden = words('whoami-forbidden', (server: string, message: string) => [
  `${server}: the issued token may not ask who it is (403): ${oneLine(message, 300)}`,
  'the ClusterRole system:basic-user allows it to everybody who is authenticated: see whether its binding is there',
]);

export const keysUnreachable = words(
  'keys-unreachable',
  (
    url: string,
    why: string,
    cause?: unknown,
    hint: string = 'read them through the API server with --context NAME, or name another issuer with --issuer-url',
  ) => [`cannot read the issuer's keys at ${url}: ${oneLine(why, 400)}`, hint, cause],
);

export const badKeys = words('bad-keys', (url: string, why: string) => [
  `${url}: ${why}`,
  'read the keys through the API server with --context NAME, or name another issuer with --issuer-url',
]);

/** There is nothing to begin with: no URL in the token, none given. */
export const unknownIssuer = words('unknown-issuer', (issuer: string) => [
  `the issuer ${JSON.stringify(issuer)} is no https:// address, so its keys cannot be found by it`,
  'read them through the API server with --context NAME, or give --issuer-url',
]);

export const notVerified = words('not-verified', (token: string, why: string) => [
  `${token}: ${why}`,
  'it is for another cluster, or the keys were changed since: log in again, or check where the keys were read',
]);

/** A whole line, beside an answer: the client is refused a token that is too fresh to have been revoked. */
export const freshTokenRefused = (name: string, server: string, seconds: number): string =>
  `kubectl-sa-token: ${name}: the API server of this context refuses a token that was issued ${seconds} s ago; ` +
  `it may be another cluster than ${server}: kubectl sa-token doctor ${name}`;
