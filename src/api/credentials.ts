/** What a kubeconfig's user shows to its API server: headers, a client certificate. Its credential plugin has a deadline. */
import { KubeConfig, type User } from '@kubernetes/client-node';
import { execFile } from 'node:child_process';
import type { RequestOptions } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../base/host.ts';
import { listAt, objectAt, parseJson, textAt, textsAt } from '../base/json.ts';
import { contextPluginFailed, noContextPlugin } from '../errors/api-server.ts';
import { badKubeconfig } from '../errors/usage.ts';
import { messageOf, systemCode } from '../errors/error.ts';
import type { Credentials } from '../http/tls.ts';

/** Largest answer of a credential plugin that is read, bytes. */
const largest = 1024 * 1024;

/**
 * @param config - with its context selected
 * @param milliseconds - how long a credential plugin, or whatever else gives the credentials, may take
 * @throws SaTokenError `no-context-plugin`, `context-plugin-failed`, or `bad-kubeconfig` for files that cannot be read
 */
export async function credentialsOf(
  host: Host,
  config: KubeConfig,
  milliseconds: number,
): Promise<Credentials> {
  const user = config.getCurrentUser();
  if (user === null) return { headers: {} };
  const own = await withoutPlugin(user, milliseconds);
  if (textAt(user.exec, 'command') === undefined || own.headers['Authorization'] !== undefined) return own;
  const given = await runPlugin(host, user.exec, milliseconds);
  return {
    headers: { ...own.headers, ...given.headers },
    certificate: given.certificate ?? own.certificate,
    key: given.key ?? own.key,
  };
}

/** The library reads files and knows the auth-providers of old; it is given no API server that it could call. */
async function withoutPlugin(user: User, milliseconds: number): Promise<Credentials> {
  const config = new KubeConfig();
  const cluster = { name: 'none', server: 'https://none.invalid', skipTLSVerify: false };
  config.loadFromClusterAndUser(cluster, { ...user, exec: undefined });
  const options: RequestOptions = {};
  const late = new Error(`its auth-provider gave no answer within ${milliseconds / 1000} s`);
  try {
    await Promise.race([
      config.applyToHTTPSOptions(options),
      sleep(milliseconds, undefined, { ref: false }).then(() => Promise.reject(late)),
    ]);
  } catch (error) {
    throw badKubeconfig(`user "${user.name}"`, messageOf(error), error);
  }
  const basic =
    typeof options.auth === 'string'
      ? { Authorization: `Basic ${Buffer.from(options.auth).toString('base64')}` }
      : {};
  const given = Object.entries(options.headers ?? {}).map(([name, value]) => [name, String(value).trim()]);
  return {
    headers: { ...basic, ...Object.fromEntries(given) },
    certificate: pem(options.cert),
    key: pem(options.key),
  };
}

function pem(value: unknown): string | undefined {
  return Buffer.isBuffer(value) ? value.toString('utf8') : undefined;
}

/** Without a terminal and killed at the deadline (client-go plugin/pkg/client/auth/exec/exec.go has none). */
function runPlugin(host: Host, exec: unknown, milliseconds: number): Promise<Credentials> {
  const command = textAt(exec, 'command') ?? '';
  const apiVersion = textAt(exec, 'apiVersion');
  const info = { kind: 'ExecCredential', apiVersion, spec: { interactive: false } };
  const variables = listAt(exec, 'env').map((pair) => [textAt(pair, 'name'), textAt(pair, 'value') ?? '']);
  const env = { ...host.env, ...Object.fromEntries(variables), KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  const limits = { timeout: milliseconds, killSignal: 'SIGKILL', maxBuffer: largest } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(command, textsAt(exec, 'args'), { ...limits, env }, (error, output, said) => {
      if (systemCode(error) === 'ENOENT') return reject(noContextPlugin(command, error));
      if (error?.killed) {
        const why = `did not answer within ${milliseconds / 1000} s`;
        return reject(contextPluginFailed(command, why, error));
      }
      if (error) return reject(contextPluginFailed(command, `failed: ${said || error.message}`, error));
      const status = objectAt(parseJson(output), 'status');
      const token = textAt(status, 'token');
      const [certificate, key] = [textAt(status, 'clientCertificateData'), textAt(status, 'clientKeyData')];
      if (token === undefined && certificate === undefined)
        return reject(contextPluginFailed(command, 'printed no credential'));
      const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
      resolve({ headers, certificate, key });
    });
    child.stdin?.end();
  });
}
