/** The real krew, built from its Go module (krew/go.mod pins it), and an index and a download server of our own. */
import { execFileSync } from 'node:child_process';
import { createReadStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { goPrograms } from '../../cmd/release/go-programs.ts';
import { onPath } from '../support/kubectl.ts';
import { listening } from './listening.ts';
import { released } from './release.ts';

const module = join(import.meta.dirname, 'krew');
const programs = ['krew', 'validate-krew-manifest'] as const;

/** Why krew cannot be had here; undefined when it can. */
export function lacksKrew(): string | undefined {
  const absent = ['go', 'git'].filter((program) => onPath(program) === undefined);
  return absent.length > 0 ? `no ${absent.join(', ')} on PATH` : undefined;
}

export function krewPrograms(): Record<(typeof programs)[number], string> {
  const folder = goPrograms(
    module,
    programs.map((program) => `sigs.k8s.io/krew/cmd/${program}`),
  );
  return { krew: join(folder, 'krew'), 'validate-krew-manifest': join(folder, 'validate-krew-manifest') };
}

export interface Index {
  /** For KREW_DEFAULT_INDEX_URI. */
  uri: string;
  /** Puts the release into the index, under a version of its own. */
  publish: (version: string) => void;
}

/** An index in `folder`, whose manifest points at a server that has the archives of the release. */
export async function ownIndex(t: ExecutionContext, folder: string): Promise<Index> {
  const server = createServer(({ url = '/' }, response) => {
    createReadStream(released(basename(url)))
      .on('error', () => response.destroy())
      .pipe(response);
  });
  const { port } = await listening(t, server);
  const git = (...words: string[]): void => {
    const author = ['-c', 'user.name=test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgsign=false'];
    execFileSync('git', ['-C', folder, ...author, ...words], { stdio: ['ignore', 'ignore', 'inherit'] });
  };
  mkdirSync(join(folder, 'plugins'), { recursive: true });
  git('init', '--quiet');
  return {
    uri: `file://${folder}`,
    publish(version) {
      const manifest = readFileSync(released('sa-token.yaml'), 'utf8')
        .replaceAll(/^( +uri: ).*\/(.*)$/gm, `$1http://localhost:${port}/$2`)
        .replace(/^( +version: ).*$/m, `$1${version}`);
      writeFileSync(join(folder, 'plugins', 'sa-token.yaml'), manifest);
      git('add', '.');
      git('commit', '--quiet', '--message', version);
    },
  };
}
