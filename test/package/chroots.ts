/** A stock Debian of one release: debootstrap's smallest (minbase), made once and kept outside the tree. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../cmd/release/packages.ts';
import { onPath } from '../support/kubectl.ts';

/** Why there can be no chroot here; undefined when there can. */
export function lacksChroots(): string | undefined {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return 'not run as root on Linux';
  const absent = ['debootstrap', 'unshare'].filter((program) => onPath(program) === undefined);
  return absent.length > 0 ? `no ${absent.join(', ')} on PATH` : undefined;
}

interface Additions {
  /** Packages beside the base system. */
  include?: readonly string[];
  /** A command that finishes it, run in it. */
  prepare?: readonly string[];
}

/** @returns its folder; one to two minutes the first time */
export function chroot(release: string, { include = [], prepare }: Additions = {}): string {
  const folder = join(
    cacheFolder,
    'chroots',
    [release, ...(include.length > 0 ? include : ['minbase'])].join('-'),
  );
  if (existsSync(folder)) return folder;
  mkdirSync(join(folder, '..'), { recursive: true });
  const partial = mkdtempSync(`${folder}-`);
  try {
    const more = include.length > 0 ? [`--include=${include.join(',')}`] : [];
    execFileSync('debootstrap', ['--variant=minbase', ...more, release, partial], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    // Left to the installer, and every container engine writes it.
    writeFileSync(join(partial, 'etc/hosts'), '127.0.0.1 localhost\n');
    if (prepare !== undefined) {
      const [program = '', ...words] = inChroot(partial, prepare);
      execFileSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
    }
    renameSync(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

/** The words that run `command` in it, with a /proc of its own that goes away with the command. */
export function inChroot(folder: string, command: readonly string[]): string[] {
  return [
    'unshare',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    `--root=${folder}`,
    '--mount-proc',
    ...command,
  ];
}

/**
 * The words that run `script` by the sh of this machine, with `$root` a copy of the chroot that keeps what is written
 * to it in `layer`: the chroot itself stays as it is, and the mount is gone when the script has ended.
 *
 * @param layer - a folder, empty the first time
 */
export function onCopy(folder: string, layer: string, script: string): string[] {
  const [upper = '', work = '', root = ''] = ['upper', 'work', 'root'].map((name) => join(layer, name));
  for (const path of [upper, work, root]) mkdirSync(path, { recursive: true });
  const options = `lowerdir=${folder},upperdir=${upper},workdir=${work}`;
  const mount = `mount -t overlay overlay -o '${options}' "$root" && mount -t proc proc "$root/proc"`;
  const words = ['unshare', '--mount', '--pid', '--fork', '--kill-child'];
  return [...words, 'sh', '-ec', `root='${root}'\n${mount}\n${script}`];
}
