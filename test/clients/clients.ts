/** Every client that there is here, and how it is known to treat a plugin (contracts 2). */
import { findKubectls } from '../support/kubectl.ts';
import { testUnless } from '../support/require.ts';
import { findProgram } from './cache.ts';
import { RECIPES, type Recipe } from './programs.ts';
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
}

const CLIENT_GO: Manners = {
  // To the byte what the fast lane knows.
  execInfo:
    /^\{"kind":"ExecCredential","apiVersion":"client\.authentication\.k8s\.io\/v1","spec":\{"interactive":false\}\}\n$/,
  runsOnce: true,
};

const MANNERS: Record<Recipe['name'], Manners> = {
  'client-go': CLIENT_GO,
  'client-node': { execInfo: /^unset$/ },
  java: { execInfo: /^unset$/, needsRefusal: true },
  // Without a newline at its end: by that client-go is told from them.
  python: { execInfo: /^\{.*"apiVersion": ?"client\.authentication\.k8s\.io\/v1".*\}$/ },
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
  return RECIPES.map((recipe) => {
    const name = `${recipe.name} ${recipe.version()}`;
    const found = findProgram(recipe);
    if ('missing' in found) return absent(name, found.missing);
    return {
      name,
      start: (env) => startProgram(found.command, env),
      manners: MANNERS[recipe.name],
    };
  });
}

function absent(name: string, missing: string): Client {
  const start = () => Promise.reject(new Error(missing));
  return { name, missing, start, manners: CLIENT_GO };
}
