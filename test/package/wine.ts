/** Windows programs under Wine 10, in a Debian that has it; both are made once and kept outside the tree (2 GB). */
import { chroot } from './chroots.ts';

/** Where Wine keeps its Windows, made with the chroot. */
const prefix = '/var/lib/wine-prefix';
/** The home folder of the user there. */
export const windowsHome = `${prefix}/drive_c/users/root`;

/** @returns the folder of the chroot; some minutes the first time */
export function wineChroot(): string {
  // The registry is whole once the server of the first start has ended.
  const prepare = inWine('wineboot --init >/dev/null 2>&1; wineserver --wait');
  return chroot('trixie', { include: ['wine', 'wine64'], prepare });
}

/** The words that run a shell script in the chroot, where `wine` runs a program for Windows. */
export function inWine(script: string): string[] {
  const environment = {
    PATH: '/usr/bin:/bin',
    HOME: '/root',
    // For names of files.
    LC_ALL: 'C.UTF-8',
    WINEDEBUG: '-all',
    WINEPREFIX: prefix,
    // No offer to download .NET or a browser, and no menu entries.
    WINEDLLOVERRIDES: 'mscoree=;mshtml=;winemenubuilder.exe=',
  };
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return ['env', '-i', ...variables, 'sh', '-c', script];
}

/** A path of the chroot as Windows has it. */
export function windowsPath(path: string): string {
  return `Z:${path.replaceAll('/', '\\')}`;
}
