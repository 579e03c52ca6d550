/** The usual scene of a test: a server, and an account with the token of a Secret that may ask for tokens of its own. */
import type { ExecutionContext } from 'ava';
import type { SecretToken } from './api-server/resources.ts';
import { call, type Answer, type Call } from './http-client.ts';
import { startServer, type ServerOptions, type TestServer } from './token-request-server.ts';

export const ROBOT = { namespace: 'team-a', name: 'robot' };
export const TOKEN_PATH = '/api/v1/namespaces/team-a/serviceaccounts/robot/token';

export interface Exchange extends Partial<Call> {
  spec?: object;
  metadata?: object;
  /** Another account than the robot. */
  account?: string;
}

export interface Scene {
  server: TestServer;
  robot: SecretToken;
  /** POST …/token with the robot's token, unless another is given. */
  exchange: (more?: Exchange) => Promise<Answer>;
}

/** The parts of a TokenRequest answer that tests look at. */
export interface Granted {
  metadata: { name: string; namespace: string; uid: string; creationTimestamp: string };
  spec: { audiences: string[]; expirationSeconds: number; boundObjectRef: unknown };
  status: { token: string; expirationTimestamp: string };
}

export async function withRobot(t: ExecutionContext, options?: ServerOptions): Promise<Scene> {
  const server = await startServer(options);
  t.teardown(() => server.close());
  const robot = await server.cluster.createRobot(ROBOT);
  const exchange: Scene['exchange'] = ({ spec = {}, metadata, account = 'robot', ...rest } = {}) =>
    call(`${server.url}${TOKEN_PATH.replace('robot', account)}`, {
      token: robot.token,
      body: { spec, ...(metadata ? { metadata } : {}) },
      caPem: server.caPem,
      ...rest,
    });
  return { server, robot, exchange };
}

export function granted({ body }: Answer): Granted {
  return JSON.parse(body);
}
