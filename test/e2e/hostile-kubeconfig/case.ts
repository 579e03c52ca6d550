/** What a row of the table says: a kubeconfig, and how the plugin is to meet it. */
import type { ExecUser, KubeconfigContent } from '../../support/kubectl.ts';
import { flagOf, settingNames, type SettingName } from '../../../src/settings/table.ts';

/** Texts in a row may hold `{NAME}` of the ground's values. */
export interface Case {
  title: string;
  /** Over a user that runs `get-token prod`. */
  user?: Partial<ExecUser>;
  /** Over the cluster entry of the profile's own API server. */
  cluster?: Partial<Omit<KubeconfigContent, 'path' | 'user'>>;
  outcome: Refused | Untrusted | Served;
  /** Through the oldest kubectl there is, too. */
  everyBuild?: true;
}

/** Exit code 2 and one line with all of these texts; nothing is read, run, sent, stored, changed or removed. */
export interface Refused {
  refused: readonly string[];
  /** 2 where it is not given. */
  code?: 2 | 3;
  /** The cache notes that this client was told (`NAME.refused`), for the other tries of the same command. */
  noted?: true;
}

/** Exit code 5 and one line: whoever answers for this profile's server is not trusted, and is sent nothing. */
export interface Untrusted {
  untrusted: string;
}

/** The profile's own token from the profile's own server, whatever the kubeconfig says. */
export interface Served {
  served: string;
  /** With `-v` each step is on standard error. */
  verbose?: true;
  /** Where the cluster entry takes kubectl itself with the issued token: to the attacker, or to nobody whom it trusts. */
  kubectl?: 'attacker' | 'fails';
}

/** A value for each setting that would do harm. */
export const HARMFUL: Readonly<Record<SettingName, string>> = {
  server: '{attackerUrl}',
  namespace: 'kube-system',
  serviceAccount: 'admin',
  audience: 'https://attacker.example',
  duration: '8760h',
  boundObjectKind: 'none',
  boundObjectName: 'other',
  boundObjectUid: '7f1c4f0e-0000-4000-8000-000000000000',
  certificateAuthority: '{attackerCaFile}',
  certificateAuthorityData: '{attackerCaData}',
  tlsServerName: 'attacker.example',
  insecureSkipTlsVerify: 'true',
  clientCertificate: '{attackerCertificate}',
  clientKey: '{attackerKey}',
  proxyUrl: '{attackerProxy}',
  timeout: '1s',
  cache: 'none',
  sourceFile: '{junkFile}',
  sourceCommand: 'touch {canary}; cat {junkFile}',
  sourceEnv: 'HOSTILE_TOKEN',
};

/** The same by flag, which is the key of a profile or an extension too. */
export const harmful = settingNames.map((name) => [flagOf(name), HARMFUL[name]] as const);
