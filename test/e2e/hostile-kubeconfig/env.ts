/** Hostile variables in `exec.env`: the plugin's own settings, and what changes Node, its trust and its way out. */
import { settingNames, variableOf } from '../../../src/settings/table.ts';
import { HARMFUL, type Case } from './case.ts';

const settings: Case[] = settingNames.map((name) => ({
  title: variableOf(name),
  user: { env: { [variableOf(name)]: HARMFUL[name], HOSTILE_TOKEN: '{junk}' } },
  outcome: { refused: [variableOf(name)] },
}));

const toAttacker = {
  KUBECTL_SA_TOKEN_SERVER: '{attackerUrl}',
  KUBECTL_SA_TOKEN_CERTIFICATE_AUTHORITY: '{attackerCaFile}',
};

const together: Case[] = [
  {
    title: 'the server and CA of the attacker',
    user: { env: toAttacker },
    outcome: { refused: ['KUBECTL_SA_TOKEN_SERVER'] },
    everyBuild: true,
  },
  ...['from-file', 'from-command', 'from-env'].map((profile): Case => ({
    title: `the server and CA of the attacker for profile ${profile}`,
    user: { args: ['get-token'], env: { KUBECTL_SA_TOKEN_PROFILE: profile, ...toAttacker } },
    outcome: { refused: ['KUBECTL_SA_TOKEN_SERVER'] },
  })),
  {
    title: "a profile file of the attacker's with the same profile name",
    user: { env: { KUBECTL_SA_TOKEN_CONFIG: '{attackerProfiles}' } },
    // Its profile of that name is another one, with nothing in the keychain.
    outcome: { refused: ['prod', 'no source token'], code: 3, noted: true },
  },
  ...[
    { args: ['get-token', 'prod', '--server', '{attackerUrl}'], naming: '--server' },
    {
      args: ['get-token', 'prod', '--source-command', HARMFUL.sourceCommand],
      naming: '--source-command',
    },
    { args: ['logout', '--all', '--forget'], naming: 'logout' },
  ].map(({ args, naming }): Case => ({
    title: `KUBERNETES_EXEC_INFO is empty, and args are ${args.join(' ')}`,
    user: { args, env: { KUBERNETES_EXEC_INFO: '' } },
    outcome: { refused: [naming] },
  })),
  {
    title: 'KUBERNETES_EXEC_INFO is empty, and a variable names a server',
    user: { env: { KUBERNETES_EXEC_INFO: '', KUBECTL_SA_TOKEN_SERVER: '{attackerUrl}' } },
    outcome: { refused: ['KUBECTL_SA_TOKEN_SERVER'] },
  },
  {
    title: 'KUBERNETES_EXEC_INFO hides an extension',
    user: {
      provideClusterInfo: true,
      env: {
        KUBERNETES_EXEC_INFO:
          '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false}}',
      },
    },
    cluster: { execConfig: { duration: '8760h' } },
    outcome: { refused: ['extension', '"duration"'] },
  },
];

/** What would have Node trust the attacker, or run its code. */
const trust: [string, Record<string, string>][] = [
  ['NODE_EXTRA_CA_CERTS', { NODE_EXTRA_CA_CERTS: '{attackerCaFile}' }],
  ['SSL_CERT_FILE', { SSL_CERT_FILE: '{attackerCaFile}' }],
  ['SSL_CERT_DIR', { SSL_CERT_DIR: '{attackerFolder}' }],
  [
    'NODE_OPTIONS with the CAs of OpenSSL',
    { NODE_OPTIONS: '--use-openssl-ca', SSL_CERT_FILE: '{attackerCaFile}' },
  ],
  ['NODE_OPTIONS with a module', { NODE_OPTIONS: '--require={attackerScript}' }],
  ['NODE_USE_SYSTEM_CA', { NODE_USE_SYSTEM_CA: '1', SSL_CERT_FILE: '{attackerCaFile}' }],
  ['NODE_TLS_REJECT_UNAUTHORIZED', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
];

const machine: Case[] = [
  ...trust.flatMap(([what, env], index): Case[] => [
    {
      title: `${what}, for a profile with a CA`,
      user: { env },
      outcome: { served: 'prod' },
      ...(index === 0 ? { everyBuild: true } : {}),
    },
    {
      title: `${what}, where the attacker answers for a server that the system has to vouch for`,
      user: { args: ['get-token', 'taken-over'], env },
      outcome: { untrusted: 'taken-over' },
    },
    {
      title: `${what}, and HTTPS_PROXY is the attacker's`,
      user: { args: ['get-token', 'far'], env: { ...env, HTTPS_PROXY: '{attackerProxy}' } },
      outcome: { untrusted: 'far' },
    },
  ]),
  {
    title: 'NODE_DEBUG and NODE_DEBUG_NATIVE',
    user: { env: { NODE_DEBUG: 'https,http,tls,net,child_process', NODE_DEBUG_NATIVE: 'tls' } },
    outcome: { served: 'prod' },
  },
];

export const env: readonly Case[] = [...settings, ...together, ...machine];
