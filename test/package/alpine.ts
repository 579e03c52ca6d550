/**
 * What Alpine's base system is made of, BusyBox and musl, out of Debian's packages: no glibc, and no C++ libraries. Made once and
 * kept outside the tree.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../cmd/release/packages.ts';
import { onPath } from '../support/kubectl.ts';
import { chroot, lacksChroots } from './chroots.ts';

/** Why there can be none here; undefined when there can. */
export function lacksAlpine(): string | undefined {
  const absent = ['apt-get', 'dpkg-deb'].filter((program) => onPath(program) === undefined);
  return lacksChroots() ?? (absent.length > 0 ? `no ${absent.join(', ')} on PATH` : undefined);
}

/** @returns its folder; of arm64 without BusyBox, for qemu's `-L` */
export function alpine(arch: 'amd64' | 'arm64'): string {
  const folder = join(cacheFolder, 'chroots', `alpine-${arch}`);
  if (existsSync(folder)) return folder;
  const sources = join(chroot('trixie'), 'etc/apt/sources.list');
  const partial = mkdtempSync(`${folder}-`);
  const work = join(partial, 'work');
  try {
    mkdirSync(join(work, 'state/lists/partial'), { recursive: true });
    mkdirSync(join(work, 'cache/archives/partial'), { recursive: true });
    const own = [`Dir::State=${work}/state`, `Dir::Cache=${work}/cache`, 'Dir::State::status=/dev/null'];
    const from = [`Dir::Etc::sourcelist=${sources}`, 'Dir::Etc::sourceparts=-', `APT::Architecture=${arch}`];
    const options = [...own, ...from, 'APT::Sandbox::User=root'].flatMap((option) => ['-o', option]);
    const stdio = ['ignore', 'ignore', 'inherit'] as const;
    const run = (file: string, words: string[]): void =>
      void execFileSync(file, words, { cwd: work, stdio: [...stdio] });
    run('apt-get', [...options, 'update']);
    run('apt-get', [...options, 'download', 'musl', ...(arch === 'amd64' ? ['busybox-static'] : [])]);
    for (const file of globSync('*.deb', { cwd: work })) run('dpkg-deb', ['--extract', file, partial]);
    symlinkSync('usr/lib', join(partial, 'lib'));
    symlinkSync('usr/bin', join(partial, 'bin'));
    for (const name of ['dev', 'proc', 'root', 'tmp']) mkdirSync(join(partial, name));
    writeFileSync(join(partial, 'dev/null'), '');
    writeFileSync(join(partial, 'etc/hosts'), '127.0.0.1 localhost\n');
    if (arch === 'amd64') run('chroot', [partial, '/usr/bin/busybox', '--install', '-s', '/usr/bin']);
    rmSync(work, { recursive: true });
    renameSync(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

/** The words that run `command` in it, with a /proc and a /dev/null that go away with the command. */
export function inAlpine(folder: string, command: string[]): string[] {
  const script =
    'mount --bind /dev/null "$0/dev/null" && mount -t proc proc "$0/proc" && exec chroot "$0" "$@"';
  return ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script, folder, ...command];
}
