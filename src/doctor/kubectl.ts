/** Check of what kubectl does with the token: whether the API server of each context that runs the hook takes it. */
import { tokenIn } from '../entry/exec-credential.ts';
import { exit, SaTokenError } from '../errors.ts';
import { reviewSelf } from '../exchange/self-review.ts';
import { ask } from '../exchange/transport.ts';
import { parseJson, textAt } from '../json.ts';
import type { Resolved } from '../settings/resolve.ts';
import { timeoutMs } from '../settings/table.ts';
import { fail, notNeeded, ok, warn, type Finding } from './check.ts';
import type { Facts } from './facts.ts';
import { hooksFor } from './hook.ts';
import { kubeconfigFlag, quoted } from './remedy.ts';

/** Nobody waits for each of a hundred contexts. */
const most = 4;
const apiServer = '--server=https://APISERVER';

/** One context: its cluster as kubectl has it, and the commands that change either. */
interface Tried {
  readonly name: string;
  readonly cluster: Resolved;
  readonly setCluster: string;
  readonly setContext: string;
}

/** Asked with the token of the exchange before, sent as kubectl would send it. */
export async function inKubectl(facts: Facts): Promise<Finding> {
  if (facts.given().profile === undefined) return notNeeded('no profile that a hook could name');
  const issued = await facts.issued();
  if (issued instanceof SaTokenError) throw issued;
  const { users } = hooksFor(facts);
  const contexts = users.flatMap((user) => user.contexts);
  if (contexts.length === 0) return notNeeded('no context of the kubeconfig uses this profile yet');
  const token = tokenIn(issued.entry.credential);
  const all = await Promise.all(
    contexts.slice(0, most).map(({ name, server }) => tryContext(facts, name, server, token)),
  );
  const bad = all.find(({ state }) => state === 'fail') ?? all.find(({ state }) => state === 'warn');
  const left = contexts.length - most;
  const more = left > 0 ? [`${left} more not tried`] : [];
  return bad ?? ok([...all.map(({ detail }) => detail), ...more].join('; '));
}

async function tryContext(
  facts: Facts,
  name: string,
  server: string | undefined,
  token: string,
): Promise<Finding> {
  const { host, question, settings } = facts;
  const file = kubeconfigFlag(question.kubeconfig);
  const setContext = `kubectl config set-context ${quoted(name)} --cluster=CLUSTER${file}`;
  if (server === undefined)
    return fail(
      `context "${name}": its cluster is not there, or has no server`,
      `kubectl config set-cluster CLUSTER ${apiServer} --certificate-authority=FILE${file} && ${setContext}`,
    );
  const { clusterOf, clusterSettings, loadKubeConfig } = await import('../cluster/access.ts');
  const config = loadKubeConfig(host, { kubeconfig: question.kubeconfig, context: name });
  const { timeout } = settings();
  const tried = {
    name,
    cluster: { ...clusterSettings(host, config), ...(timeout === undefined ? {} : { timeout }) },
    setCluster: `kubectl config set-cluster ${quoted(clusterOf(config).name)}${file}`,
    setContext,
  };
  try {
    const { username } = await reviewSelf(host, tried.cluster, token);
    return ok(`context "${name}": ${tried.cluster.server} takes it for ${username}`);
  } catch (error) {
    if (!(error instanceof SaTokenError)) throw error;
    return error.code === 'not-served' ? notServed(facts, tried, token) : judge(facts, tried, error);
  }
}

/** A refusal of the review, or no answer to it. */
function judge(facts: Facts, { name, cluster, setCluster, setContext }: Tried, error: SaTokenError): Finding {
  const where = `context "${name}": ${cluster.server}`;
  const { audience } = facts.settings();
  // Whom it may ask of itself is RBAC's; that it was known is all that is asked here.
  if (error.code === 'whoami-forbidden' && !error.message.includes('"system:anonymous"'))
    return ok(`${where} takes it`);
  if (error.code === 'issued-token-refused')
    return audience === undefined
      ? fail(
          `${where} does not know the token (401): it is another cluster than the profile's`,
          `have the context name the profile's: ${setContext}`,
          exit.refused,
        )
      : fail(
          `${where} refuses the token (401): it is for ${audience.join(', ')}`,
          'kubectl needs a token for the API server: make another profile without --audience',
          exit.refused,
        );
  return fail(
    `context "${name}": ${error.message}`,
    `kubectl has the same trouble; mend the cluster: ${setCluster} ${apiServer} --certificate-authority=FILE`,
    error.exitCode,
  );
}

/** A proxy that lets TokenRequest through alone, as it should; or an API server from before 1.28. */
async function notServed(facts: Facts, tried: Tried, token: string): Promise<Finding> {
  const { name, cluster, setCluster } = tried;
  const milliseconds = timeoutMs(cluster);
  const { body } = await ask(facts.host, cluster, cluster, {
    method: 'GET',
    path: '/version',
    token,
    milliseconds,
  });
  if (textAt(parseJson(body), 'gitVersion') !== undefined)
    return warn(
      `context "${name}": ${cluster.server} cannot say whether it takes the token (older than Kubernetes 1.28)`,
      `try it: kubectl --context ${quoted(name)} get namespaces`,
    );
  const own = cluster.server === facts.settings().server;
  return fail(
    `context "${name}": ${cluster.server} is ${own ? "the profile's own proxy, which lets TokenRequest through alone" : 'no API server'}`,
    `kubectl needs the address of the API server: ${setCluster} ${apiServer}`,
    exit.unreachable,
  );
}
