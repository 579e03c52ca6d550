/**
 * How soon a deleted Secret ends the tokens it stands for: the server caches its yes for ten seconds
 * (src/CONTRACTS.md 3.5).
 */
import { setTimeout } from 'node:timers/promises';
import { onEachMinor } from './each-subject.ts';
import { realSubject } from './subject.ts';

onEachMinor((test) => {
  test('deleting the Secret ends its legacy token and the tokens bound to it, but no other', async (t, plane) => {
    const subject = realSubject(plane);
    const bot = await subject.makeBot();
    const issue = async (spec: object) => {
      return (await plane.need('POST', bot.path, { as: bot, body: { spec } })).status;
    };
    const bound = await issue({ boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'bot-token' } });
    const unbound = await issue({});
    const answer = async (as: { token: string }) => (await plane.call('GET', '/api', { as })).status;
    t.deepEqual([await answer(bot), await answer(bound), await answer(unbound)], [200, 200, 200]);

    await subject.deleteSecret(bot);
    const deleted = Date.now();
    while ((await answer(bot)) === 200 || (await answer(bound)) === 200) {
      if (Date.now() - deleted > 20_000) break;
      await setTimeout(100);
    }
    t.log(`refused ${((Date.now() - deleted) / 1000).toFixed(1)} s after the Secret was deleted`);
    t.deepEqual([await answer(bot), await answer(bound), await answer(unbound)], [401, 401, 200]);
  });
});
