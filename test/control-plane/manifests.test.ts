/** What `manifest` prints, as the API server sees it: nothing unknown, nothing refused. */
import { randomUUID } from 'node:crypto';
import { need, setUpLaptop } from './laptop.ts';
import { onEachMinor } from './each-subject.ts';

const PRINTED: [string, string][] = [
  ['account', 'account -n NAMESPACE --service-account robot'],
  ['account with all', 'account -n NAMESPACE --service-account robot --requester asker --cluster-role view'],
  ['account without a Secret', 'account -n NAMESPACE --service-account robot --no-secret'],
  ['proxy', 'proxy -n NAMESPACE'],
  ['proxy with an ingress', 'proxy -n NAMESPACE --route ingress --host example.test --tls-secret cert'],
];

onEachMinor((test) => {
  for (const [title, args] of PRINTED)
    test(`kubectl apply --dry-run=server takes: ${title}`, async (t, plane) => {
      t.timeout(240_000);
      const laptop = await setUpLaptop(t, plane);
      const namespace = `ns-${randomUUID().slice(0, 8)}`;
      await plane.makeNamespace(namespace);
      const line = `kubectl sa-token manifest ${args.replace('NAMESPACE', namespace)} >"$HOME/printed.yaml"`;
      await need(laptop.sh(line));
      const apply = `kubectl apply --dry-run=server --validate=strict -f "$HOME/printed.yaml"`;
      const { code, stdout, stderr } = await laptop.sh(apply);
      t.deepEqual([code, stderr], [0, '']);
      const documents = await need(laptop.sh(`grep -c ^kind: "$HOME/printed.yaml"`));
      t.is(stdout.match(/ created \(server dry run\)$/gm)?.length, Number(documents), stdout);
    });
});
