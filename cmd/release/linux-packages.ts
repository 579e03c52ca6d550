/** Packages for the package managers of Linux: the files of an archive, laid out by nfpm (nfpm/go.mod pins it). */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import { scripts } from '../../src/cli/completion-scripts.ts';
import { goPrograms } from './go-programs.ts';
import {
  projectDescription,
  projectLicense,
  projectPage,
  projectSummary,
  projectVersion,
} from './packages.ts';
import { isForMusl, packageName, type ArchivedFile, type Target } from './platforms.ts';

const name = 'kubectl-sa-token';
const programs = `/usr/lib/${name}`;
const plugin = 'kubectl-sa_token';
const documents = `/usr/share/doc/${name}`;
const manuals = '/usr/share/man/man1';
const bashCompletions = '/usr/share/bash-completion/completions';
const fishCompletions = '/usr/share/fish/vendor_completions.d';
const zshCompletions = {
  deb: '/usr/share/zsh/vendor-completions',
  rpm: '/usr/share/zsh/site-functions',
  apk: '/usr/share/zsh/site-functions',
};
/** Path and where it leads: the programs on PATH, and what goes by the plugin's other name. */
const links = [
  ...[name, plugin, 'kubectl_complete-sa_token'].map((program) => [
    `/usr/bin/${program}`,
    `../lib/${name}/${program}`,
  ]),
  [`${manuals}/${plugin}.1.gz`, `${name}.1.gz`],
  [`${bashCompletions}/${name}`, plugin],
  [`${fishCompletions}/${name}.fish`, `${plugin}.fish`],
];

export type Packager = 'deb' | 'rpm' | 'apk';

/** What differs between package managers. The libraries are those of Node; for musl they lie beside it. */
const packagers: Readonly<Record<Packager, object>> = {
  // dpkg before 1.21.18 (Debian 11, 12.0) does not read zstd, and xz takes nfpm a minute.
  deb: { depends: ['libc6 (>= 2.28)', 'libstdc++6', 'libgcc-s1 | libgcc1'], deb: { compression: 'gzip' } },
  rpm: {
    depends: ['libc.so.6(GLIBC_2.28)(64bit)', 'libstdc++.so.6()(64bit)', 'libgcc_s.so.1()(64bit)'],
    rpm: { compression: 'zstd', buildhost: 'localhost', summary: projectSummary },
  },
  // Its file of keys and values has a line for each.
  apk: { depends: [], description: projectDescription },
};

/** The package managers of systems that have the C library which a target is built for. */
export function packagersOf(target: Target): Packager[] {
  if (target.os !== 'linux') return [];
  return isForMusl(target) ? ['apk'] : ['deb', 'rpm'];
}

/** A file of a package, as nfpm takes it. */
interface Content {
  src: string;
  dst: string;
  file_info: { mode: number; mtime: string };
}

/**
 * @param files - those of the archive
 * @param folder - an empty one, for what is made on the way
 * @returns each package by its name in the release
 */
export async function linuxPackages(
  target: Target,
  files: readonly ArchivedFile[],
  time: Date,
  folder: string,
): Promise<Map<string, Buffer>> {
  const made = packagersOf(target).map(async (packager) => {
    const own = join(folder, packager);
    await mkdir(own);
    return [
      packageName(target, projectVersion, packager),
      await pack(packager, target, files, time, own),
    ] as const;
  });
  return new Map(await Promise.all(made));
}

async function pack(
  packager: Packager,
  target: Target,
  files: readonly ArchivedFile[],
  time: Date,
  folder: string,
): Promise<Buffer> {
  const mtime = time.toISOString();
  const contents: Content[] = [];
  const add = (src: string, dst: string, mode = 0o644): void => {
    contents.push({ src, dst, file_info: { mode, mtime } });
  };
  /** Adds a file of this content. */
  const write = async (content: string | Buffer, dst: string): Promise<void> => {
    const src = join(folder, basename(dst));
    await writeFile(src, content);
    add(src, dst);
  };
  for (const file of files) {
    if ('made' in file.from && file.from.made === 'manual')
      await write(gzipSync(await readFile(file.path)), `${manuals}/${file.name}.gz`);
    else add(file.path, `${isDocument(file) ? documents : programs}/${file.name}`, file.mode);
  }
  await write(completionFor('bash'), `${bashCompletions}/${plugin}`);
  await write(completionFor('zsh'), `${zshCompletions[packager]}/_${plugin}`);
  await write(completionFor('fish'), `${fishCompletions}/${plugin}.fish`);
  const configuration = {
    name,
    arch: target.arch,
    platform: target.os,
    version: projectVersion,
    release: '1',
    section: 'utils',
    maintainer: `${name} <${name}@users.noreply.github.com>`,
    // The first line is a summary to dpkg.
    description: projectDescription.replace(': ', '\n'),
    homepage: projectPage,
    license: projectLicense,
    mtime,
    contents: [
      // rpm removes the folders that a package owns, and no others.
      ...[programs, documents].map((dst) => ({ dst, type: 'dir', file_info: { mode: 0o755, mtime } })),
      ...contents,
      ...links.map(([dst, src]) => ({ src, dst, type: 'symlink' })),
    ],
    ...packagers[packager],
  };
  const [config, output] = [join(folder, 'nfpm.yaml'), join(folder, 'package')];
  await writeFile(config, stringify(configuration));
  await promisify(execFile)(nfpm(), [
    'package',
    '--config',
    config,
    '--packager',
    packager,
    '--target',
    output,
  ]);
  return readFile(output);
}

function completionFor(shell: string): string {
  const script = scripts[shell];
  if (script === undefined) throw new Error(`there is no completion for ${shell}`);
  return script;
}

function isDocument({ name: file }: ArchivedFile): boolean {
  return file.includes('LICENSE') || file.endsWith('.cdx.json');
}

function nfpm(): string {
  const folder = goPrograms(join(import.meta.dirname, 'nfpm'), ['github.com/goreleaser/nfpm/v2/cmd/nfpm']);
  return join(folder, 'nfpm');
}
