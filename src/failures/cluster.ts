/** Words for calls to an API server beside the exchange: reviews, the issuer's keys. Exit codes 2, 4 and 5. */
import { exit, oneLine, SaTokenError } from '../errors.ts';

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

/** The address of the kubeconfig's cluster is not fit for a token. */
export const unsafeCluster = (server: string, why: string): SaTokenError =>
  usage('unsafe-cluster', `${server}: ${why}`, 'name another context with --context');

/** Why an API server does not take a token: TokenReview says it, a 401 does not. */
export const tokenRefused = (token: string, server: string, reason: string, hint: string): SaTokenError =>
  refused('token-refused', `${server} refuses ${token}: ${oneLine(reason, 400)}`, hint);
