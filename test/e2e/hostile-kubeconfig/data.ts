/** Hostile data: the cluster's extension, and the cluster entry itself. */
import { harmful, type Case } from './case.ts';

const ours = { apiVersion: 'sa-token.kubectl/v1', kind: 'ExecConfig' };
const informed = { provideClusterInfo: true };
const withoutProfile = { args: ['get-token'], ...informed };
const account = { namespace: 'team-a', 'service-account': 'robot' };
const trap = { 'certificate-authority-data': '{attackerCaData}', 'proxy-url': '{attackerProxy}' };
const escalation = { audience: ['https://attacker.example'], duration: '8760h', 'bound-object-kind': 'none' };

/** The first key of an extension as client-go hands it on: in the order of the alphabet. */
const caData = 'certificate-authority-data';

const refuses = (key: string) => ({ refused: ['extension', `"${key}"`] });

/** Of the extension, beside the profile: each setting alone, which a hook of the person's own meets too. */
const settings: Case[] = harmful.map(([name, value]) => ({
  title: `the extension sets ${name}`,
  user: withoutProfile,
  cluster: { execConfig: { ...ours, profile: 'prod', [name]: name === 'audience' ? [value] : value } },
  outcome: refuses(name),
}));

const extensions: Case[] = [
  {
    title: 'the extension has another CA and a proxy for the hook of the person',
    user: informed,
    cluster: { execConfig: trap },
    outcome: refuses(caData),
    everyBuild: true,
  },
  {
    title: 'the extension has the same server, another CA and a proxy',
    user: withoutProfile,
    cluster: { execConfig: { ...ours, profile: 'prod', server: '{server}', ...trap } },
    outcome: refuses(caData),
  },
  {
    title: 'the extension has the same account and server, another CA and a proxy, and no profile',
    user: withoutProfile,
    cluster: { execConfig: { ...ours, server: '{server}', ...account, ...trap } },
    outcome: refuses(caData),
  },
  {
    title: "the extension has the attacker's server for a source in a file",
    user: { args: ['get-token', 'from-file'], ...informed },
    cluster: {
      execConfig: { server: '{attackerUrl}', 'certificate-authority-data': '{attackerCaData}' },
    },
    outcome: refuses(caData),
  },
  {
    title: "the extension has the attacker's server for a source of a command",
    user: withoutProfile,
    cluster: {
      execConfig: {
        profile: 'from-command',
        server: '{attackerUrl}',
        'certificate-authority-data': '{attackerCaData}',
      },
    },
    outcome: refuses(caData),
  },
  {
    title: 'the extension has another CA and a proxy for a source in a variable',
    user: { args: ['get-token', 'from-env'], ...informed },
    cluster: { execConfig: trap },
    outcome: refuses(caData),
  },
  {
    title: 'the extension asks for a long token for another audience that nothing revokes',
    user: informed,
    cluster: { execConfig: { ...ours, ...escalation } },
    outcome: refuses('audience'),
    everyBuild: true,
  },
  {
    title: 'the extension asks for the same for a profile that it names',
    user: withoutProfile,
    cluster: { execConfig: { profile: 'prod', ...escalation } },
    outcome: refuses('audience'),
  },
  {
    title: 'the extension has a key that is no setting',
    user: informed,
    cluster: { execConfig: { ...ours, sourceCommand: 'touch {canary}' } },
    outcome: refuses('sourceCommand'),
  },
  {
    title: 'the extension names no profile that there is',
    user: withoutProfile,
    cluster: { execConfig: { ...ours, profile: 'nobody' } },
    outcome: { refused: ['no profile "nobody"'], noted: true },
  },
  {
    title: 'the extension leads out of the cache with the name of a profile',
    user: withoutProfile,
    cluster: { execConfig: { ...ours, profile: '../../source-token' } },
    outcome: { refused: ['profile name', '../../source-token'] },
  },
];

/** What kubectl believes of the cluster is the kubeconfig's affair; the plugin does not look at it. */
const entry = { caPem: '{attackerCa}', proxyUrl: '{attackerProxy}' };
const toAttacker = { server: '{attackerUrl}', caPem: '{attackerCa}' };
const unmoved = { served: 'prod', kubectl: 'attacker' } as const;

const entries: Case[] = [
  {
    title: "the cluster entry has the profile's server, another CA and a proxy",
    user: informed,
    cluster: { server: '{server}', ...entry },
    outcome: unmoved,
    everyBuild: true,
  },
  {
    title: "the cluster entry has the profile's origin, another CA and a proxy",
    user: informed,
    cluster: entry,
    outcome: unmoved,
  },
  {
    title: 'the cluster entry has another path of the origin, another CA and a proxy',
    user: informed,
    cluster: { server: '{api}/elsewhere', ...entry },
    outcome: unmoved,
  },
  {
    title: 'the cluster entry has a CA file and a proxy',
    user: informed,
    cluster: { caFile: '{attackerCaFile}', proxyUrl: '{attackerProxy}' },
    outcome: unmoved,
  },
  {
    title: 'the cluster entry has a proxy that ends tunnels itself',
    user: informed,
    cluster: { caPem: '{ca}', proxyUrl: '{attackerProxy}' },
    outcome: { served: 'prod', kubectl: 'fails' },
  },
  {
    title: 'the cluster entry has the server and CA of the attacker',
    user: informed,
    cluster: toAttacker,
    outcome: unmoved,
  },
  {
    title: 'the cluster entry has another name to check in the certificate',
    user: informed,
    cluster: { ...entry, tlsServerName: 'attacker.example' },
    outcome: unmoved,
  },
  {
    title: 'the cluster entry turns the check of certificates off',
    user: informed,
    cluster: { insecureSkipTlsVerify: true, proxyUrl: '{attackerProxy}' },
    outcome: unmoved,
  },
  {
    title: 'the cluster entry is hostile and not shown to the plugin',
    cluster: entry,
    outcome: unmoved,
  },
  {
    title: 'the cluster entry is hostile where the extension names the profile',
    user: withoutProfile,
    cluster: { ...entry, execConfig: { ...ours, profile: 'prod' } },
    outcome: unmoved,
  },
  {
    title: 'the cluster entry is hostile and the hook names no profile',
    user: withoutProfile,
    cluster: { server: '{server}', ...entry },
    outcome: { refused: ['profile'], noted: true },
  },
  {
    title: 'the cluster entry is hostile and the extension names an account, not a profile',
    user: withoutProfile,
    cluster: { ...entry, execConfig: { ...ours, ...account } },
    outcome: refuses('namespace'),
  },
  ...['staging', 'from-file', 'from-command', 'from-env'].map((profile): Case => ({
    title: `the cluster entry is hostile to profile ${profile}`,
    user: { args: ['get-token', profile], ...informed },
    cluster: entry,
    outcome: { served: profile, kubectl: 'attacker' },
  })),
];

export const data: readonly Case[] = [...settings, ...extensions, ...entries];
