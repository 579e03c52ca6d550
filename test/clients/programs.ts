/** The small programs, one for each client library: what they are made of, and how. All but the controller do the same (see any of them). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onPath } from '../support/kubectl.ts';

/** What is built at once: the programs of one toolchain that share a lock file. */
export interface Recipe {
  name: string;
  /** Below test/clients: what goes into the programs, and so into the name of their place in the cache. */
  sources: string[];
  /** The program that tells the toolchain's version; undefined: nothing has to be built. */
  toolchain?: string[];
  /** Commands that fetch packages, by what the lock files say. A failure means that there is no registry. */
  fetch: (at: Places) => Step[];
  /** Commands that build. A failure is one of the program. */
  compile: (at: Places) => Step[];
  programs: Program[];
}

export interface Program {
  name:
    | 'client-node'
    | 'python'
    | 'kr8s'
    | 'lightkube'
    | 'pykube-ng'
    | 'kube-rs'
    | 'client-go'
    | 'controller-runtime'
    | 'java'
    | 'fabric8';
  /** The library's version, from the file that pins it. */
  version: () => string;
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

export const RECIPES: Recipe[] = [
  {
    name: 'javascript',
    sources: ['javascript/client.ts'],
    fetch: () => [],
    compile: () => [],
    programs: [
      {
        name: 'client-node',
        version: () => pinned('../../package.json', /client-node": "([\d.]+)"/),
        command: () => [process.execPath, join(HERE, 'javascript', 'client.ts')],
      },
    ],
  },
  {
    name: 'python',
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
    compile: ({ into }) => [
      { command: [join(into, 'bin', 'python'), '-c', 'import kr8s, kubernetes, lightkube, pykube'] },
    ],
    programs: [
      inPython('python', 'kubernetes'),
      inPython('kr8s', 'kr8s'),
      inPython('lightkube', 'lightkube'),
      inPython('pykube-ng', 'pykube-ng'),
    ],
  },
  {
    name: 'rust',
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
    programs: [
      {
        name: 'kube-rs',
        version: () => pinned('rust/Cargo.toml', /^kube = \{ version = "=([\d.]+)"/m),
        command: (built) => [join(built, 'client')],
      },
    ],
  },
  {
    name: 'go',
    sources: ['go/go.mod', 'go/go.sum', 'go/client/main.go', 'go/controller/main.go'],
    toolchain: ['go', 'version'],
    fetch: () => [{ command: ['go', 'mod', 'download'], ...go }],
    // The same flags as the control plane's builds, which share most packages.
    compile: ({ into }) => [
      {
        command: [
          'go',
          'build',
          '-trimpath',
          '-buildvcs=false',
          '-o',
          `${into}/`,
          './client',
          './controller',
        ],
        ...go,
      },
    ],
    programs: [
      {
        name: 'client-go',
        version: () => pinned('go/go.mod', /k8s\.io\/client-go v([\d.]+)/),
        command: (built) => [join(built, 'client')],
      },
      {
        name: 'controller-runtime',
        version: () => pinned('go/go.mod', /controller-runtime v([\d.]+)/),
        command: (built) => [join(built, 'controller')],
      },
    ],
  },
  inJava('java', 'java', 'client-java'),
  inJava('fabric8', 'fabric8', 'kubernetes-client'),
];

/** Answers from the file named after the library. */
function inPython(name: Program['name'], library: string): Program {
  return {
    name,
    version: () => pinned('python/requirements.txt', new RegExp(`^${library}==([\\d.]+)`, 'm')),
    command: (built) => [
      join(built, 'bin', 'python'),
      join(HERE, 'python', `with_${library.replace('-', '_')}.py`),
    ],
  };
}

/** A folder of its own for each library, since what they bring does not go together. */
function inJava(name: Program['name'], folder: string, library: string): Recipe {
  const pom = join(HERE, folder, 'pom.xml');
  return {
    name,
    sources: [`${folder}/pom.xml`, `${folder}/Client.java`],
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
      { command: ['javac', '-d', into, '-cp', join(into, 'lib', '*'), join(HERE, folder, 'Client.java')] },
    ],
    programs: [
      {
        name,
        version: () =>
          pinned(`${folder}/pom.xml`, new RegExp(`${library}</artifactId>\\s*<version>([\\d.]+)`)),
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
    ],
  };
}

/** What is missing on this machine to make a program; undefined when nothing is. */
export function missingTool({ toolchain }: Recipe): string | undefined {
  if (process.platform === 'win32') return 'the test clients are not built on Windows';
  const needed = [toolchain?.[0], ...(toolchain?.[0] === 'javac' ? ['mvn', 'java'] : [])];
  const absent = needed.filter((program) => program !== undefined && onPath(program) === undefined);
  return absent.length > 0 ? `no ${absent.join(', ')} on PATH` : undefined;
}

function pinned(file: string, pattern: RegExp): string {
  const version = pattern.exec(readFileSync(join(HERE, file), 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${file} pins no version`);
  return version;
}
