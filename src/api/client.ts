/** One call to the API server of a kubeconfig's context, as that context's user. */
import type { KubeConfig } from '@kubernetes/client-node';
import { monotonic, type Host } from '../base/host.ts';
import { isObject, parseJson, type JsonObject } from '../base/json.ts';
import { apiFailed, notLoggedInThere } from '../errors/api-server.ts';
import { exit } from '../errors/codes.ts';
import { SaTokenError } from '../errors/error.ts';
import { redirected } from '../errors/http.ts';
import { statusMessage } from '../exchange/refusals.ts';
import { ask, type Call, type Reply } from '../http/request.ts';
import { clusterSettings } from './context.ts';
import { credentialsOf } from './credentials.ts';

/** What an API server said, and not a refusal of the user. */
export interface Answer {
  readonly server: string;
  readonly status: number;
  /** The JSON object in it; an empty one where there is none. */
  readonly content: JsonObject;
  /** The message of a `Status`, else which status it was. */
  readonly reason: string;
  /** The content is a `Status`, which an API server alone answers with. */
  readonly isStatus: boolean;
}

/**
 * @param call - its time includes that of the context's credential plugin
 * @throws SaTokenError `kubeconfig-refused` (401), `redirected`, `api-failed` without an answer; of the plugin, and of files
 */
export async function askAsUser(
  host: Host,
  config: KubeConfig,
  call: Omit<Call, 'token' | 'user'>,
): Promise<Answer> {
  const { server, ...settings } = clusterSettings(host, config);
  host.trace(`as the kubeconfig's user: ${call.method} ${server}${call.path}`);
  const began = monotonic();
  const user = await credentialsOf(host, config, call.milliseconds);
  const milliseconds = call.milliseconds - (monotonic() - began);
  const reply = await ask(host, { server }, settings, { ...call, user, milliseconds }).catch(
    (error: unknown) => {
      throw error instanceof SaTokenError && error.exitCode === exit.unreachable
        ? apiFailed(server, error.message.replace(`${server}: `, ''), error)
        : error;
    },
  );
  if (reply.status === 401) throw notLoggedInThere(server);
  return readAnswer(server, reply);
}

/** @throws SaTokenError `redirected` */
export function readAnswer(server: string, { status, headers, body }: Reply): Answer {
  if (status >= 300 && status < 400) throw redirected(server, status, headers.location ?? '');
  const content = parseJson(body);
  const message = statusMessage(body);
  const reason = message || `the API server answered ${status}`;
  return {
    server,
    status,
    content: isObject(content) ? content : {},
    reason,
    isStatus: message !== undefined,
  };
}
