/** The small programs, one for each client library: what they are made of, and how. All do the same (see any of them). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onPath } from '../support/kubectl.ts';

export interface Recipe {
  name: 'client-node' | 'python' | 'kube-rs' | 'client-go' | 'java';
  /** Below test/clients: what goes into the program, and so into the name of its place in the cache. */
  sources: string[];
  /** The library's version, from the file that pins it. */
  version: () => string;
  /** The program that tells the toolchain's version; undefined: nothing has to be built. */
  toolchain?: string[];
  /** Commands that fetch packages, by what the lock files say. A failure means that there is no registry. */
  fetch: (at: Places) => Step[];
  /** Commands that build. A failure is one of the program. */
  compile: (at: Places) => Step[];
  /** How it is started once built. */
  command: (built: string) => string[];
}

export interface Places {
  /** Folder to build into, to be renamed when it is whole. */
  into: string;
  /** Folder for what toolchains keep between builds. */
  shared: string;
}

export interface Step {
  command: string[];
  cwd?: string;
  env?: Record<string, string>;
}

export const HERE = import.meta.dirname;

const go = { cwd: join(HERE, 'go'), env: { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly' } };
const pom = join(HERE, 'java', 'pom.xml');

export const RECIPES: Recipe[] = [
  {
    name: 'client-node',
    version: () => pinned('../../package.json', /client-node": "([\d.]+)"/),
    sources: ['javascript/client.ts'],
    fetch: () => [],
    compile: () => [],
    command: () => [process.execPath, join(HERE, 'javascript', 'client.ts')],
  },
  {
    name: 'python',
    version: () => pinned('python/requirements.txt', /^kubernetes==([\d.]+)/m),
    sources: ['python/requirements.txt'],
    toolchain: ['python3', '-VV'],
    fetch: ({ into }) => [
      { command: ['python3', '-m', 'venv', into] },
      {
        command: [
          join(into, 'bin', 'python'),
          '-m',
          'pip',
          'install',
          '--quiet',
          '--require-hashes',
          '--no-deps',
          '--only-binary',
          ':all:',
          '--disable-pip-version-check',
          '--no-input',
          '--requirement',
          join(HERE, 'python', 'requirements.txt'),
        ],
      },
    ],
    compile: ({ into }) => [{ command: [join(into, 'bin', 'python'), '-c', 'import kubernetes'] }],
    command: (built) => [join(built, 'bin', 'python'), join(HERE, 'python', 'client.py')],
  },
  {
    name: 'kube-rs',
    version: () => pinned('rust/Cargo.toml', /^kube = \{ version = "=([\d.]+)"/m),
    sources: ['rust/Cargo.toml', 'rust/Cargo.lock', 'rust/src/main.rs'],
    toolchain: ['cargo', '--version'],
    fetch: () => [{ command: ['cargo', 'fetch', '--quiet', '--locked'], cwd: join(HERE, 'rust') }],
    compile: ({ into, shared }) => {
      const target = join(shared, 'cargo-target');
      return [
        {
          command: ['cargo', 'build', '--quiet', '--locked', '--offline', '--target-dir', target],
          cwd: join(HERE, 'rust'),
        },
        { command: ['cp', join(target, 'debug', 'sa-token-test-client'), join(into, 'client')] },
      ];
    },
    command: (built) => [join(built, 'client')],
  },
  {
    name: 'client-go',
    version: () => pinned('go/go.mod', /k8s\.io\/client-go v([\d.]+)/),
    sources: ['go/go.mod', 'go/go.sum', 'go/main.go'],
    toolchain: ['go', 'version'],
    fetch: () => [{ command: ['go', 'mod', 'download'], ...go }],
    // The same flags as the control plane's builds, which share most packages.
    compile: ({ into }) => [
      { command: ['go', 'build', '-trimpath', '-buildvcs=false', '-o', join(into, 'client'), '.'], ...go },
    ],
    command: (built) => [join(built, 'client')],
  },
  {
    name: 'java',
    version: () => pinned('java/pom.xml', /client-java<\/artifactId>\s*<version>([\d.]+)/),
    sources: ['java/pom.xml', 'java/Client.java'],
    toolchain: ['javac', '-version'],
    fetch: ({ into, shared }) => [
      {
        command: [
          'mvn',
          '-q',
          '-B',
          '-Dstyle.color=never',
          '-f',
          pom,
          `-Dmaven.repo.local=${join(shared, 'maven')}`,
          'dependency:copy-dependencies',
          `-DoutputDirectory=${join(into, 'lib')}`,
          '-DincludeScope=runtime',
        ],
      },
    ],
    compile: ({ into }) => [
      {
        command: ['javac', '-d', into, '-cp', join(into, 'lib', '*'), join(HERE, 'java', 'Client.java')],
      },
    ],
    command: (built) => [
      // Quick to start rather than quick to run.
      'java',
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      '-Xshare:auto',
      '-cp',
      `${built}:${join(built, 'lib', '*')}`,
      'Client',
    ],
  },
];

/** What is missing on this machine to make a program; undefined when nothing is. */
export function missingTool({ name, toolchain }: Recipe): string | undefined {
  if (process.platform === 'win32') return 'the test clients are not built on Windows';
  const needed = [toolchain?.[0], ...(name === 'java' ? ['mvn', 'java'] : [])];
  const absent = needed.filter((program) => program !== undefined && onPath(program) === undefined);
  return absent.length > 0 ? `no ${absent.join(', ')} on PATH` : undefined;
}

function pinned(file: string, pattern: RegExp): string {
  const version = pattern.exec(readFileSync(join(HERE, file), 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${file} pins no version`);
  return version;
}
