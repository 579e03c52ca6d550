/** Checks of the way to the server: its name, its certificate, its clock. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { exit } from '../../errors/codes.ts';
import { httpProxy, proxyName } from '../../http/proxy.ts';
import { connectionProblem } from '../../http/connection-problem.ts';
import { fail, notNeeded, ok, warn, type Finding } from '../check.ts';
import type { Facts } from '../facts.ts';

const day = 86_400_000;
/** A certificate that ends sooner has been forgotten. Milliseconds. */
const soon = 14 * day;
/**
 * As far as the API server and its clients bear with each other (go-jose's leeway; src/CONTRACTS.md 3.5). Seconds.
 */
const leeway = 60;

/** Through an HTTP proxy it is the proxy's name that has to be known here; the proxy looks up the server's. */
export async function dns({ host, settings }: Facts): Promise<Finding> {
  const { server } = settings();
  const proxy = httpProxy(host, { server }, settings());
  const asked = new URL(proxy ?? server).hostname.replace(/^\[|\]$/g, '');
  const named = proxyName(host, { server }, settings());
  const what = named === undefined ? asked : `the HTTP proxy ${named}`;
  if (isIP(asked) !== 0) return ok(`${what} is an address`);
  try {
    const found = await lookup(asked, { all: true });
    return ok(`${what} is ${found.map(({ address }) => address).join(', ')}`);
  } catch (error) {
    return fail(
      `${what}: ${connectionProblem(error)}`,
      `check ${named === undefined ? 'the name in "server"' : 'that proxy'}, the VPN, and the name servers of this machine`,
      exit.unreachable,
    );
  }
}

/** The handshake has its own words for what fails, the ingress controller's fake certificate among them. */
export async function tls(facts: Facts): Promise<Finding> {
  const { reply } = await facts.anonymous();
  const { certificate: shown } = reply;
  if (shown === undefined) return notNeeded('plain HTTP, which stays on this machine');
  const { issuer = 'an unnamed CA', subject = 'an unnamed server', ends } = shown;
  const left = Math.floor((ends - facts.host.now()) / day);
  const detail = `certificate for ${subject} by ${issuer}, ${left} ${left === 1 ? 'day' : 'days'} left`;
  if (facts.settings().insecureSkipTlsVerify === true)
    return warn(
      `${detail}: it is not checked, so whoever answers at that address gets the source token`,
      'give its CA (certificate-authority), and remove insecure-skip-tls-verify',
    );
  if (ends - facts.host.now() < soon) return warn(detail, 'renew it in time');
  return ok(detail);
}

/** The `Date` header has whole seconds, and was written somewhere between the question and the answer. */
export async function clock(facts: Facts): Promise<Finding> {
  const { reply, asked, answered } = await facts.anonymous();
  const date = Date.parse(reply.headers.date ?? '');
  if (Number.isNaN(date)) return notNeeded('the server does not say what time it is');
  const skew = Math.round((date + 500 - (asked + answered) / 2) / 1000);
  if (Math.abs(skew) <= leeway) return ok(`${Math.abs(skew)} s from the server's`);
  return warn(
    `${Math.abs(skew)} s ${skew > 0 ? 'behind' : 'ahead of'} the server's: certificates and tokens may seem expired, or not valid yet`,
    'set the clock of this machine (timedatectl, chrony), or that of the server',
  );
}
