import { join } from 'node:path';
import test from 'ava';
import {
  cacheFolder,
  profileFile,
  resolvePath,
  shortPath,
  shownProfileFile,
} from '../../../src/settings/paths.ts';
import { createHost, withParts } from '../../support/host.ts';

test('a path is absolute, of the home folder, or of where it is written', (t) => {
  t.is(resolvePath('/a/b', '/here', '/home/ann'), '/a/b');
  t.is(resolvePath('~/a', '/here', '/home/ann'), '/home/ann/a');
  t.is(resolvePath('a', '/here', '/home/ann'), '/here/a');
  t.is(resolvePath('../a', '/here', '/home/ann'), '/a');
});

test('a path is shown shorter where it lies in the home folder', (t) => {
  t.is(shortPath('/home/ann/a', '/home/ann'), '~/a');
  t.is(shortPath('/home/anna/a', '/home/ann'), '/home/anna/a');
  t.is(shortPath('/etc/a', '/home/ann'), '/etc/a');
});

test('profiles and entries lie in ~/.kube, or where a variable says', (t) => {
  const host = createHost(t);
  t.is(profileFile(host), join(host.home, '.kube/sa-token.yaml'));
  t.is(shownProfileFile(host), '~/.kube/sa-token.yaml');
  t.is(cacheFolder(host), join(host.home, '.kube/cache/sa-token'));
  const env = { KUBECTL_SA_TOKEN_CONFIG: '/p.yaml', KUBECACHEDIR: '/c' };
  t.is(profileFile(withParts(host, { env })), '/p.yaml');
  t.is(cacheFolder(withParts(host, { env })), '/c/sa-token');
  const empty = withParts(host, { env: { KUBECTL_SA_TOKEN_CONFIG: '', KUBECACHEDIR: '' } });
  t.is(profileFile(empty), profileFile(host));
  t.is(cacheFolder(empty), cacheFolder(host));
});
