/** 100 calls at once on a cold cache: how long they take together, and what the server saw of them. */
import { execute } from '../support/child.ts';
import type { Scene } from './scene.ts';
import { median } from './statistics.ts';

export interface Crowd {
  readonly size: number;
  /** Milliseconds from the first start to the last end, the middle of some runs. */
  readonly wall: number;
  /** The most of any run. */
  readonly exchanges: number;
  readonly failures: number;
}

const size = 100;
const runs = 3;

export async function gatherCrowd({ one, server }: Scene, plugin: string): Promise<Crowd> {
  const { argv, env, cwd } = one.getToken(plugin);
  const walls: number[] = [];
  let [exchanges, failures] = [0, 0];
  while (walls.length < runs) {
    one.forget();
    server.reset();
    const started = performance.now();
    const ended = await Promise.all(Array.from({ length: size }, () => execute([...argv], { env, cwd })));
    walls.push(performance.now() - started);
    exchanges = Math.max(exchanges, server.exchanges);
    failures = Math.max(
      failures,
      ended.filter(({ code, stdout }) => code !== 0 || !stdout.includes('"token"')).length,
    );
  }
  return { size, wall: median(walls), exchanges, failures };
}
