/** What the servers read, and the administrator's kubeconfig, in their private folder. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, LOOPBACK } from '../support/authority.ts';
import type { AdminCredentials } from './api-client.ts';
import { AUDIT_POLICY } from './audit-log.ts';
import type { SigningKey } from './signing-key.ts';

/** Keys, certificates, policy and kubeconfig, all in the private folder, where the flags name them. */
export async function writeFiles(
  directory: string,
  url: string,
  signingKey: SigningKey,
): Promise<AdminCredentials> {
  const authority = await createAuthority('control-plane-ca');
  // As in the certificate of every API server, the name of its Service is there too.
  const dnsNames = [...LOOPBACK.dnsNames, 'kubernetes.default.svc'];
  const server = await authority.issue({ commonName: 'kube-apiserver', ...LOOPBACK, dnsNames });
  // The name is parsed, so the organisation, which is the user's group, can follow in it.
  const admin = await authority.issue({ commonName: 'admin, O=system:masters', client: true });
  const credentials = { caPem: authority.caPem, ...admin };
  const files = {
    'ca.crt': authority.caPem,
    'server.crt': server.certPem,
    'server.key': server.keyPem,
    'sa.key': signingKey.privatePem,
    'sa.pub': signingKey.publicPem,
    'audit-policy.json': JSON.stringify(AUDIT_POLICY),
    'admin.kubeconfig': adminKubeconfig(url, credentials),
  };
  for (const [name, text] of Object.entries(files))
    await writeFile(join(directory, name), text, { mode: 0o600 });
  return credentials;
}

/** JSON is YAML; the files are named inline, so that a copy works too. */
function adminKubeconfig(server: string, { caPem, certPem, keyPem }: AdminCredentials): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(caPem) } }],
    users: [
      {
        name: 'admin',
        user: { 'client-certificate-data': base64(certPem), 'client-key-data': base64(keyPem) },
      },
    ],
    contexts: [{ name: 'admin', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'admin',
  });
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
