/** Kubeconfigs as people and fleets have them: beside the hostile ones, these go on working. */
import type { Case } from './case.ts';

const informed = { provideClusterInfo: true };
const withoutProfile = { args: ['get-token'], ...informed };

export const benign: readonly Case[] = [
  { title: 'get-token PROFILE', outcome: { served: 'prod' }, everyBuild: true },
  { title: 'get-token PROFILE for v1beta1', user: { apiVersion: 'v1beta1' }, outcome: { served: 'prod' } },
  {
    title: 'get-token PROFILE -v',
    user: { args: ['get-token', 'prod', '-v'] },
    outcome: { served: 'prod', verbose: true },
  },
  {
    title: 'get-token PROFILE --verbose',
    user: { args: ['get-token', 'prod', '--verbose'] },
    outcome: { served: 'prod', verbose: true },
  },
  ...['staging', 'from-file', 'from-command', 'from-env'].map((profile): Case => ({
    title: `get-token ${profile}`,
    user: { args: ['get-token', profile] },
    outcome: { served: profile },
  })),
  {
    title: 'the extension names the profile',
    user: withoutProfile,
    cluster: { execConfig: { profile: 'prod' } },
    outcome: { served: 'prod' },
    everyBuild: true,
  },
  {
    title: 'the extension names the profile, and says that it is ours',
    user: { ...withoutProfile, apiVersion: 'v1beta1' },
    cluster: { execConfig: { apiVersion: 'sa-token.kubectl/v1', kind: 'ExecConfig', profile: 'staging' } },
    outcome: { served: 'staging' },
  },
  {
    title: 'the extension names another profile than the arguments, which count',
    user: informed,
    cluster: { execConfig: { profile: 'staging' } },
    outcome: { served: 'prod' },
  },
  {
    title: "the extension is another plugin's",
    user: informed,
    cluster: { execConfig: { apiVersion: 'example.dev/v1', audience: 'theirs', server: '{attackerUrl}' } },
    outcome: { served: 'prod' },
  },
  {
    title: 'the extension is empty',
    user: informed,
    cluster: { execConfig: {} },
    outcome: { served: 'prod' },
  },
  {
    title: 'exec.env: KUBECTL_SA_TOKEN_PROFILE',
    user: { args: ['get-token'], env: { KUBECTL_SA_TOKEN_PROFILE: 'prod' } },
    outcome: { served: 'prod' },
    everyBuild: true,
  },
  {
    title: 'exec.env: KUBECTL_SA_TOKEN_CONFIG',
    user: { env: { KUBECTL_SA_TOKEN_CONFIG: '{otherProfiles}' } },
    outcome: { served: 'prod' },
  },
  {
    title: 'exec.env: a variable of a setting is empty',
    user: { env: { KUBECTL_SA_TOKEN_SERVER: '', KUBECTL_SA_TOKEN_SOURCE_COMMAND: '' } },
    outcome: { served: 'prod' },
  },
  {
    title: 'exec.env: HTTPS_PROXY of a proxy that lets TLS through',
    user: { args: ['get-token', 'far'], env: { HTTPS_PROXY: '{proxy}' } },
    outcome: { served: 'far' },
  },
  {
    title: 'the cluster entry has a CA file and a proxy that kubectl needs',
    user: informed,
    cluster: { caFile: '{caFile}', proxyUrl: '{proxy}' },
    outcome: { served: 'prod' },
    everyBuild: true,
  },
  {
    title: 'the cluster entry turns the check of certificates off for kubectl',
    user: informed,
    cluster: { insecureSkipTlsVerify: true },
    outcome: { served: 'prod' },
  },
];
