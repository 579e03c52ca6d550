/** Declares one test for the API server of each minor, and for the fake; what cannot run says why. */
import test, { type ExecutionContext } from 'ava';
import { testUnless } from '../support/require.ts';
import { MINORS, findAssets, type Minor } from './assets.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { realSubject, startFakeSubject, type Subject } from './subject.ts';

/** Declares a test whose body is given what it runs against. */
export type Declare<T> = (title: string, body: (t: ExecutionContext, value: T) => Promise<void>) => void;

/** Calls `declare` for each minor with a `test` whose body is given that minor's control plane. */
export function onEachMinor(declare: (test: Declare<ControlPlane>, minor: Minor) => void): void {
  for (const minor of MINORS) {
    const assets = findAssets(minor);
    if ('missing' in assets) testUnless(assets.missing)(`${minor} Kubernetes`, () => undefined);
    else
      declare(
        running(minor, () => startControlPlane({ minor, maxTokenExpiration: '2h' })),
        minor,
      );
  }
}

/**
 * The same for every subject of the contract: the fake, which follows the newest minor, and both minors. `npm test` sets
 * SA_TOKEN_CONTRACT to `fake`, for the fake alone.
 */
export function onEachSubject(
  declare: (test: Declare<Subject>, of: { minor: Minor; real: boolean }) => void,
): void {
  declare(running('fake', startFakeSubject), { minor: 'newest', real: false });
  if (process.env['SA_TOKEN_CONTRACT'] === 'fake') return;
  onEachMinor((onPlane, minor) =>
    declare((title, body) => onPlane(title, (t, plane) => body(t, realSubject(plane))), {
      minor,
      real: true,
    }),
  );
}

function running<T extends { version: string; stop(): Promise<void> }>(
  label: string,
  start: () => Promise<T>,
): Declare<T> {
  let started: T | undefined;
  test.before(`start ${label}`, async (t) => {
    started = await start();
    t.log(`${label} is ${started.version}`);
  });
  test.after.always(`stop ${label}`, () => started?.stop());
  return (title, body) =>
    test(`${label}: ${title}`, (t) => (started ? body(t, started) : t.fail('it did not start')));
}
