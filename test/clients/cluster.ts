/** What the clients talk to: a real API server of either minor, or the fake one. */
import { randomUUID } from 'node:crypto';
import { findAssets, type Minor } from '../cluster/assets.ts';
import { startControlPlane, type ControlPlane } from '../cluster/control-plane.ts';
import { realSubject } from '../cluster/subject.ts';
import { signToken } from '../cluster/signing-key.ts';
import { boundClaims } from '../cluster/refusals/tokens.ts';
import { startServer } from '../support/token-request-server.ts';

export interface Cluster {
  /** Such as `v1.37.2`. */
  version: string;
  /** Where TokenRequests go, and where everything else does. */
  exchangeUrl: string;
  apiUrl: string;
  caPem: string;
  makeBot(): Promise<Bot>;
  stop(): Promise<void>;
}

/** The account `bot` of a namespace of its own, which may ask for its own tokens. */
export interface Bot {
  namespace: string;
  username: string;
  /** Its source token, of the Secret `bot-token`. */
  token: string;
  /** A token of another hour, bound to a Secret of its own. */
  earlier: { token: string; id: string; revoke: () => Promise<void> };
  /** TokenRequests that gave a token so far. */
  exchanges(): Promise<number>;
}

export type ClusterName = 'fake' | Minor;

/** Why there is none of that name here; undefined when there is. */
export function missingCluster(name: ClusterName): string | undefined {
  if (name === 'fake') return undefined;
  const assets = findAssets(name);
  return 'missing' in assets ? assets.missing : undefined;
}

export function startCluster(name: ClusterName): Promise<Cluster> {
  return name === 'fake' ? startFake() : startReal(name);
}

const ID = 'JTI=an-earlier-one';

async function startReal(minor: Minor): Promise<Cluster> {
  const plane = await startControlPlane({ minor });
  return { ...clusterOf(plane), stop: () => plane.stop() };
}

export function clusterOf(plane: ControlPlane): Omit<Cluster, 'stop'> {
  const subject = realSubject(plane);
  const { url, version, caPem } = plane;
  return {
    version,
    caPem,
    exchangeUrl: url,
    apiUrl: url,
    async makeBot() {
      const made = await subject.makeBot();
      const secrets = `/api/v1/namespaces/${made.namespace}/secrets`;
      const secret = await plane.need('POST', secrets, { body: { metadata: { name: 'earlier' } } });
      const claims = boundClaims(
        made,
        subject,
        {},
        { secret: { name: 'earlier', uid: secret.metadata.uid } },
      );
      const token = await signToken(plane.signingKey, { ...claims, jti: 'an-earlier-one' });
      return {
        namespace: made.namespace,
        username: `system:serviceaccount:${made.namespace}:bot`,
        token: made.token,
        earlier: {
          token,
          id: ID,
          revoke: async () => void (await plane.need('DELETE', `${secrets}/earlier`)),
        },
        exchanges: async () => (await exchangeTimes(plane, made.namespace)).length,
      };
    },
  };
}

/** When TokenRequests gave a token to an account of the namespace, oldest first; epoch milliseconds. */
export async function exchangeTimes(plane: ControlPlane, namespace: string): Promise<number[]> {
  return (await plane.auditEvents())
    .filter(
      ({ objectRef, responseStatus }) =>
        objectRef?.subresource === 'token' &&
        objectRef.namespace === namespace &&
        responseStatus?.code === 201,
    )
    .map(({ stageTimestamp }) => Date.parse(stageTimestamp));
}

async function startFake(): Promise<Cluster> {
  const server = await startServer();
  const { url, apiUrl, caPem, cluster, issuer } = server;
  return {
    version: 'our own server',
    exchangeUrl: url,
    apiUrl,
    caPem,
    async makeBot() {
      const namespace = `test-${randomUUID().slice(0, 8)}`;
      const { token, uid } = await cluster.createRobot({ namespace, name: 'bot' });
      const secret = cluster.createSecret({ namespace, name: 'earlier' });
      const claims = boundClaims({ namespace, uid }, { issuer }, {}, { secret });
      const path = `${new URL(url).pathname}/api/v1/namespaces/${namespace}/serviceaccounts/bot/token`;
      return {
        namespace,
        username: `system:serviceaccount:${namespace}:bot`,
        token,
        earlier: {
          token: await cluster.settings.signer.sign({ ...claims, jti: 'an-earlier-one' }),
          id: ID,
          revoke: async () => cluster.deleteSecret({ namespace, name: 'earlier' }),
        },
        exchanges: async () => server.requests.filter((request) => request.path === path).length,
      };
    },
    stop: () => server.close(),
  };
}
