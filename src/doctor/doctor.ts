/** `doctor` as a use case: every step from PATH to the API server, in the order in which a call takes them. */
import type { ExitCode } from '../errors/codes.ts';
import type { Host } from '../base/host.ts';
import { grant, rbac, token } from './checks/grant.ts';
import { runChecks, type Check, type CheckResult } from './check.ts';
import { Facts, type Question } from './facts.ts';
import { keychain, source } from './checks/source.ts';
import { kubeconfig } from './checks/kubeconfig.ts';
import { kubectl } from './checks/kubectl.ts';
import { kuberc } from './checks/kuberc.ts';
import { cache, path, profile } from './checks/machine.ts';
import { clock, dns, tls } from './checks/network.ts';
import { exposed, proxy } from './checks/proxy.ts';

export interface Diagnosis {
  readonly checks: readonly CheckResult[];
  /** The first that failed, or what that one comes of: what to do now. */
  readonly first: CheckResult | undefined;
  /** 0 when none failed. */
  readonly exitCode: ExitCode | 0;
}

const checks: readonly Check<Facts>[] = [
  { name: 'path', needs: [], look: path },
  { name: 'profile', needs: [], look: profile },
  { name: 'kubeconfig', needs: ['profile'], look: kubeconfig },
  { name: 'kuberc', needs: [], look: kuberc },
  { name: 'cache', needs: ['profile'], look: cache },
  { name: 'keychain', needs: ['profile'], look: keychain },
  { name: 'source', needs: ['profile', 'keychain'], look: source },
  { name: 'dns', needs: ['profile'], look: dns },
  { name: 'tls', needs: ['dns'], look: tls },
  { name: 'proxy', needs: ['tls'], look: proxy },
  { name: 'exposed', needs: ['proxy'], look: exposed },
  { name: 'clock', needs: ['tls'], look: clock },
  { name: 'token', needs: ['proxy', 'source'], look: token },
  { name: 'rbac', needs: ['token'], look: rbac },
  { name: 'grant', needs: ['rbac'], look: grant },
  { name: 'kubectl', needs: ['kubeconfig', 'grant'], look: kubectl },
];

/** Names in their order, for a column as wide as the longest. */
export const checkNames: readonly string[] = checks.map((check) => check.name);

/** A way to the server that fails goes before a login: with a wrong address the keychain has no token either. */
function firstOf(results: readonly CheckResult[]): CheckResult | undefined {
  const [first, ...others] = results.filter(({ state }) => state === 'fail');
  const way = others.find(({ name: check }) => check === 'dns' || check === 'tls');
  return first?.code === 'not-logged-in' ? (way ?? first) : first;
}

/** @param onResult - is given each result as soon as it is there */
export async function diagnose(
  host: Host,
  question: Question,
  onResult: (result: CheckResult) => void,
): Promise<Diagnosis> {
  const results = await runChecks(checks, new Facts(host, question), onResult);
  const first = firstOf(results);
  return { checks: results, first, exitCode: first?.exitCode ?? 0 };
}
