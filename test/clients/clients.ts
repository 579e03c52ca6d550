/** Every client that there is here, and how it is known to treat a plugin (src/CONTRACTS.md 2). */
import { findKubectls } from '../support/kubectl.ts';
import { testUnless } from '../support/require.ts';
import { findProgram, PROGRAMS } from './cache.ts';
import type { Program } from './programs.ts';
import { startKubectl, startProgram, type Environment, type Session } from './session.ts';

export interface Client {
  name: string;
  /** Why it cannot be tried here. */
  missing?: string;
  start: (env: Environment) => Promise<Session>;
  manners: Manners;
  /** The executable, where it is kubectl. */
  kubectl?: string;
}

export interface Manners {
  /** What it gives as KUBERNETES_EXEC_INFO. */
  execInfo: RegExp;
  /** It runs the hook once for the life of a token, whatever it is asked. */
  runsOnce?: boolean;
  /** It keeps its first token until it is made anew, so the server has to refuse that token first. */
  needsRefusal?: boolean;
  /** It runs the hook again for a token that a server has refused; `reload`: when it is made again, as its users do. */
  heals?: 'itself' | 'reload';
  /** It runs the hook for every request. */
  runsEachTime?: boolean;
  /** What its kubeconfig has to say; v1 where nothing is said. */
  apiVersion?: 'v1beta1';
}

const CLIENT_GO: Manners = {
  // To the byte what the fast lane knows.
  execInfo:
    /^\{"kind":"ExecCredential","apiVersion":"client\.authentication\.k8s\.io\/v1","spec":\{"interactive":false\}\}\n$/,
  runsOnce: true,
};

/** README.md says of each where its library does so. The controller is no client that can be asked. */
const MANNERS: Record<Exclude<Program['name'], 'controller-runtime'>, Manners> = {
  'client-go': { ...CLIENT_GO, heals: 'itself' },
  'client-node': { execInfo: /^unset$/ },
  java: { execInfo: /^unset$/, needsRefusal: true, heals: 'itself' },
  fabric8: { execInfo: /^unset$/, needsRefusal: true, heals: 'itself' },
  // Without a newline at its end: by that client-go is told from them.
  python: { execInfo: /^\{.*"apiVersion": ?"client\.authentication\.k8s\.io\/v1".*\}$/, heals: 'reload' },
  kr8s: { execInfo: /^unset$/, needsRefusal: true, heals: 'itself' },
  lightkube: { execInfo: /^unset$/, needsRefusal: true, heals: 'itself', apiVersion: 'v1beta1' },
  'pykube-ng': { execInfo: /^unset$/, runsEachTime: true, heals: 'itself', apiVersion: 'v1beta1' },
  'kube-rs': { execInfo: /^\{.*"apiVersion":"client\.authentication\.k8s\.io\/v1".*\}$/ },
};

/** A test of one client. A toolchain may be absent in CI as well (Java, Rust): the matrix says of each client what became of it. */
export const testUnlessAbsent = ({ missing }: Client) => testUnless(missing, 'skip');

export function findClients(): Client[] {
  const kubectls = findKubectls().map((build): Client => ({
    name: `kubectl 1.${build.minor}`,
    start: (env) => startKubectl(build, env),
    manners: CLIENT_GO,
    kubectl: build.path,
  }));
  return [...(kubectls.length > 0 ? kubectls : [absent('kubectl', 'no kubectl on PATH')]), ...programs()];
}

function programs(): Client[] {
  return PROGRAMS.flatMap(({ program }) => {
    if (program.name === 'controller-runtime') return [];
    const name = `${program.name} ${program.version()}`;
    const found = findProgram(program.name);
    if ('missing' in found) return [absent(name, found.missing)];
    const start: Client['start'] = (env) => startProgram(found.command, env);
    return [{ name, start, manners: MANNERS[program.name] }];
  });
}

function absent(name: string, missing: string): Client {
  const start = () => Promise.reject(new Error(missing));
  return { name, missing, start, manners: CLIENT_GO };
}
