/** Checks of the account, all from one exchange: whether the source token is accepted, what it may, what it is given. */
import { grantManifest } from '../../manifest/account.ts';
import { exit, type ErrorCode } from '../../errors/codes.ts';
import { SaTokenError } from '../../errors/error.ts';
import { shortTime } from '../../base/duration.ts';
import { readClaims } from '../../token/claims.ts';
import type { Target } from '../../settings/target.ts';
import { fail, ok, warn, type Finding } from '../check.ts';
import type { Facts } from '../facts.ts';
import { renewSource } from './source.ts';

/** Refusals that come after authentication, in the API server's order (src/CONTRACTS.md 3.1). */
const afterAuthentication: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'forbidden',
  'no-token-request',
  'account-not-found',
  'conflict',
  'invalid-request',
]);

/** Python's client asks again for every request when less is left (src/CONTRACTS.md 2). Seconds. */
const comfortable = 300;

export async function token(facts: Facts): Promise<Finding> {
  const issued = await facts.issued();
  if (issued instanceof SaTokenError && issued.code === 'unauthorized') {
    const ask = `kubectl sa-token review ${facts.given().profile ?? 'PROFILE'} --source --context CONTEXT`;
    return fail(
      'the source token is refused (401)',
      `${renewSource(facts)}; or ask the API server why, as somebody who may: ${ask}`,
      issued.exitCode,
    );
  }
  if (issued instanceof SaTokenError && !afterAuthentication.has(issued.code)) throw issued;
  return ok('the API server knows the source token');
}

export async function rbac(facts: Facts): Promise<Finding> {
  const issued = await facts.issued();
  const { target } = await facts.identity();
  if (!(issued instanceof SaTokenError) || issued.code !== 'forbidden')
    return ok(`it may create tokens for ${target.namespace}/${target.serviceAccount}`);
  const subject = subjectIn(issued.message) ?? (await ownAccount(facts, target));
  return fail(
    `the source token may not create tokens for ${target.namespace}/${target.serviceAccount} (403)`,
    'have the Role and RoleBinding below applied by who may (kubectl apply -f -)',
    exit.refused,
    grantManifest({ namespace: target.namespace, serviceAccount: target.serviceAccount, subject }),
  );
}

export async function grant(facts: Facts): Promise<Finding> {
  const issued = await facts.issued();
  if (issued instanceof SaTokenError) throw issued;
  const { life, notes } = issued;
  const claims = readClaims(issued.token);
  const bound = claims?.secret === undefined ? 'bound to nothing' : `bound to Secret ${claims.secret.name}`;
  const detail = `${shortTime(life)} for ${claims?.audiences.join(', ') ?? 'an unknown audience'}, ${bound}`;
  const [note] = notes;
  if (note !== undefined)
    return warn(`${detail}: ${note}`, 'ask for what is granted: set "duration" so, or leave it out');
  if (life <= comfortable)
    return warn(detail, 'some clients want more than five minutes: ask for a longer "duration"');
  return ok(detail);
}

/** Whom the API server names in its refusal: it may be another than the account asked for. */
function subjectIn(message: string): { namespace: string; name: string } | undefined {
  const [, namespace, name] = /"system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)"/.exec(message) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

async function ownAccount(facts: Facts, target: Target): Promise<{ namespace: string; name: string }> {
  const { namespace, serviceAccount } = readClaims((await facts.identity()).sourceToken) ?? {};
  return { namespace: namespace ?? target.namespace, name: serviceAccount ?? target.serviceAccount };
}
