import test from 'ava';
import { resolvePath, shortPath } from '../../src/settings/paths.ts';

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
