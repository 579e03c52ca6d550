/** What a client asks before it asks for anything: versions, groups, resources, the issuer's keys. */
import { json, type Reply } from './status.ts';

interface Resource {
  name: string;
  singularName: string;
  namespaced: boolean;
  kind: string;
  verbs: string[];
  shortNames?: string[];
  group?: string;
  version?: string;
}

const CORE: Resource[] = [
  resource('namespaces', 'Namespace', false, ['get', 'list'], ['ns']),
  resource('pods', 'Pod', true, ['list'], ['po']),
  resource('secrets', 'Secret', true, ['get', 'list']),
  resource('serviceaccounts', 'ServiceAccount', true, ['get', 'list'], ['sa']),
  {
    name: 'serviceaccounts/token',
    singularName: '',
    namespaced: true,
    group: 'authentication.k8s.io',
    version: 'v1',
    kind: 'TokenRequest',
    verbs: ['create'],
  },
];
const SELF_REVIEW = resource('selfsubjectreviews', 'SelfSubjectReview', false, ['create']);
const TOKEN_REVIEW = resource('tokenreviews', 'TokenReview', false, ['create']);

/**
 * kubectl 1.27 knows `auth whoami` in v1beta1 and older alone, 1.28 and later prefer v1
 * (kubernetes/kubectl pkg/cmd/auth/whoami.go).
 */
export const REVIEW_VERSIONS = ['v1', 'v1beta1'];

function resource(
  name: string,
  kind: string,
  namespaced: boolean,
  verbs: string[],
  shortNames?: string[],
): Resource {
  return {
    name,
    singularName: kind.toLowerCase(),
    namespaced,
    kind,
    verbs,
    ...(shortNames ? { shortNames } : {}),
  };
}

export function version(): Reply {
  return json(200, {
    major: '1',
    minor: '33',
    gitVersion: 'v1.33.0',
    gitCommit: '0000000000000000000000000000000000000000',
    gitTreeState: 'clean',
    buildDate: '2025-04-23T00:00:00Z',
    goVersion: 'go1.24.2',
    compiler: 'gc',
    platform: 'linux/amd64',
  });
}

/** Path to answer; the unaggregated form, which every kubectl falls back to (KEP-3352). */
export function discovery(path: string): Reply | undefined {
  if (path === '/api')
    return json(200, { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });
  if (path === '/api/v1') return resources('v1', CORE);
  const groupVersions = REVIEW_VERSIONS.map((name) => ({
    groupVersion: `authentication.k8s.io/${name}`,
    version: name,
  }));
  const group = {
    name: 'authentication.k8s.io',
    versions: groupVersions,
    preferredVersion: groupVersions[0],
  };
  if (path === '/apis') return json(200, { kind: 'APIGroupList', apiVersion: 'v1', groups: [group] });
  if (path === '/apis/authentication.k8s.io')
    return json(200, { kind: 'APIGroup', apiVersion: 'v1', ...group });
  if (path === '/apis/authentication.k8s.io/v1') {
    return resources('authentication.k8s.io/v1', [SELF_REVIEW, TOKEN_REVIEW]);
  }
  if (path === '/apis/authentication.k8s.io/v1beta1')
    return resources('authentication.k8s.io/v1beta1', [SELF_REVIEW]);
  return undefined;
}

function resources(groupVersion: string, list: Resource[]): Reply {
  return json(200, { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: list });
}

export function openIdConfiguration(issuer: string, jwksUri: string): Reply {
  return json(200, {
    issuer,
    jwks_uri: jwksUri,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  });
}
