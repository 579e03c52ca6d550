/** Check of what kubectl does with the token: whether the API server of the current context, or the one named, takes it. */
import { reviewSelf } from '../../api/self-review.ts';
import { exit } from '../../errors/codes.ts';
import { ours, SaTokenError } from '../../errors/error.ts';
import { kubeconfigFlag, shellWord } from '../../errors/usage.ts';
import type { HookContext } from '../../kubeconfig/hooks.ts';
import type { Resolved } from '../../settings/resolve.ts';
import { fail, notNeeded, ok, warn, type Finding } from '../check.ts';
import type { Facts } from '../facts.ts';
import { hooksFor } from './kubeconfig.ts';

const apiServer = '--server=https://APISERVER';

/** One context: its cluster as kubectl has it, and the commands that change either. */
interface Tried {
  readonly name: string;
  readonly cluster: Resolved;
  readonly setCluster: string;
  readonly setContext: string;
}

/** Asked with the token of the exchange before, sent as kubectl would send it; a context that nobody chose is not asked. */
export async function kubectl(facts: Facts): Promise<Finding> {
  if (facts.given().profile === undefined) return notNeeded('no profile that a hook could name');
  const issued = await facts.issued();
  if (issued instanceof SaTokenError) throw issued;
  const contexts = hooksFor(facts).flatMap((user) => user.contexts);
  if (contexts.length === 0) return notNeeded('no context of the kubeconfig uses this profile yet');
  const wanted = facts.question.context;
  const chosen = contexts.find(({ name, isCurrent }) => (wanted === undefined ? isCurrent : name === wanted));
  const others = contexts.filter((context) => context !== chosen).map(({ name }) => name);
  if (chosen === undefined) {
    const which = wanted === undefined ? 'the current context' : `context "${wanted}"`;
    return notNeeded(`${which} does not run the hook; try another with --context: ${others.join(', ')}`);
  }
  const finding = await tryContext(facts, chosen, issued.token);
  return finding.state === 'ok' && others.length > 0
    ? ok(`${finding.detail}; not asked: ${others.join(', ')}`)
    : finding;
}

async function tryContext(facts: Facts, { name, server }: HookContext, token: string): Promise<Finding> {
  const { host, question, settings } = facts;
  const file = kubeconfigFlag(question.kubeconfig);
  const setContext = `kubectl config set-context ${shellWord(name)} --cluster=CLUSTER${file}`;
  if (server === undefined)
    return fail(
      `context "${name}": its cluster is not there, or has no server`,
      `kubectl config set-cluster CLUSTER ${apiServer} --certificate-authority=FILE${file} && ${setContext}`,
    );
  const { clusterOf, clusterSettings, loadKubeConfig } = await import('../../api/context.ts');
  const config = loadKubeConfig(host, { kubeconfig: question.kubeconfig, context: name });
  const { timeout } = settings();
  const tried = {
    name,
    cluster: { ...clusterSettings(host, config), ...(timeout === undefined ? {} : { timeout }) },
    setCluster: `kubectl config set-cluster ${shellWord(clusterOf(config).name)}${file}`,
    setContext,
  };
  if (tried.cluster.insecureSkipTlsVerify === true)
    return warn(
      `context "${name}": ${tried.cluster.server} is not asked: the context does not check its certificate (insecure-skip-tls-verify)`,
      `have it checked: ${tried.setCluster} --insecure-skip-tls-verify=false --certificate-authority=FILE`,
    );
  try {
    const { username } = await reviewSelf(host, tried.cluster, token);
    return ok(`context "${name}": ${tried.cluster.server} takes it for ${username}`);
  } catch (error) {
    const failure = ours(error);
    return failure.code === 'not-served' ? notServed(facts, tried) : judge(facts, tried, failure);
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
    `kubectl has the same trouble; correct the cluster: ${setCluster} ${apiServer} --certificate-authority=FILE`,
    error.exitCode,
  );
}

/** A proxy that lets TokenRequest through alone, as it should; or an API server from before 1.28. */
function notServed(facts: Facts, { name, cluster, setCluster }: Tried): Finding {
  if (cluster.server === facts.settings().server)
    return fail(
      `context "${name}": ${cluster.server} is the profile's own proxy, which lets TokenRequest through alone`,
      `kubectl needs the address of the API server: ${setCluster} ${apiServer}`,
      exit.unreachable,
    );
  return warn(
    `context "${name}": ${cluster.server} cannot say whether it takes the token: no API server, or one older than Kubernetes 1.28`,
    `try it: kubectl --context ${shellWord(name)} get namespaces`,
  );
}
