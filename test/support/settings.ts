/** One value for every setting, none of them a default: for tests that change each setting in turn. */
import type { Settings } from '../../src/settings/table.ts';

export const everySetting: Required<Settings> = {
  server: 'https://other.example',
  namespace: 'n',
  serviceAccount: 's',
  audience: ['a'],
  duration: 600,
  boundObjectKind: 'Pod',
  boundObjectName: 'x',
  boundObjectUid: 'x',
  certificateAuthority: '/x',
  certificateAuthorityData: 'x',
  tlsServerName: 'x',
  insecureSkipTlsVerify: true,
  clientCertificate: '/x',
  clientKey: '/x',
  proxyUrl: 'http://x/',
  timeout: 5,
  cache: 'none',
  sourceFile: '/x',
  sourceCommand: 'x',
  sourceEnv: 'x',
};
