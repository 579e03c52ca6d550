/** The packages for Linux: what they hold and ask for; and installed, run and removed on a stock Debian. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { packagersOf, type Packager } from '../../cmd/release/linux-packages.ts';
import { packageName } from '../../cmd/release/platforms.ts';
import { execute } from '../support/child.ts';
import { onPath } from '../support/kubectl.ts';
import { testUnless } from '../support/require.ts';
import { chroot, lacksChroots, onCopy } from './chroots.ts';
import { hostTarget, released, targets, version, type Target } from './release.ts';

const everywhere = [
  '/usr/bin/kubectl-sa-token',
  '/usr/bin/kubectl-sa_token',
  '/usr/bin/kubectl_complete-sa_token',
  '/usr/lib/kubectl-sa-token/keyring.node',
  '/usr/lib/kubectl-sa-token/kubectl-sa-token',
  '/usr/lib/kubectl-sa-token/kubectl-sa_token',
  '/usr/lib/kubectl-sa-token/kubectl_complete-sa_token',
  '/usr/lib/kubectl-sa-token/sa-token-engine',
  '/usr/share/bash-completion/completions/kubectl-sa-token',
  '/usr/share/bash-completion/completions/kubectl-sa_token',
  '/usr/share/doc/kubectl-sa-token/LICENSE',
  '/usr/share/doc/kubectl-sa-token/THIRD_PARTY_LICENSES',
  '/usr/share/doc/kubectl-sa-token/sbom.cdx.json',
  '/usr/share/fish/vendor_completions.d/kubectl-sa-token.fish',
  '/usr/share/fish/vendor_completions.d/kubectl-sa_token.fish',
  '/usr/share/man/man1/kubectl-sa-token.1.gz',
  '/usr/share/man/man1/kubectl-sa_token.1.gz',
];

/** A package manager as the tests use it: shell commands, with the package as `$1`. */
interface Manager {
  /** What reads a package here. */
  program: string;
  list: string;
  needs: string;
  scripts: string;
  zsh: string;
  wantedNeeds: string[];
}

const managers: Readonly<Record<Packager, Manager>> = {
  deb: {
    program: 'dpkg-deb',
    list: 'dpkg-deb --fsys-tarfile "$1" | tar -t | sed -n "s,^\\.\\(/.*[^/]\\)$,\\1,p"',
    needs: 'dpkg-deb --field "$1" Depends | sed "s/, /\\n/g"',
    scripts: 'dpkg-deb --ctrl-tarfile "$1" | tar -t | grep -vE "^./(control|md5sums)?$" || :',
    zsh: '/usr/share/zsh/vendor-completions/_kubectl-sa_token',
    wantedNeeds: ['libc6 (>= 2.28)', 'libgcc-s1 | libgcc1', 'libstdc++6'],
  },
  rpm: {
    program: 'rpm',
    list: 'rpm -qp --queryformat "[%{FILEMODES:perms} %{FILENAMES}\\n]" "$1" | sed -n "s,^[^d][^ ]* ,,p"',
    needs: 'rpm -qpR "$1" | grep -v "^rpmlib("',
    scripts: 'rpm -qp --scripts --triggers "$1"',
    zsh: '/usr/share/zsh/site-functions/_kubectl-sa_token',
    wantedNeeds: ['libc.so.6(GLIBC_2.28)(64bit)', 'libgcc_s.so.1()(64bit)', 'libstdc++.so.6()(64bit)'],
  },
  apk: {
    program: 'tar',
    // Signature, control and data are gzip streams one after another.
    list: 'tar -tzf "$1" --ignore-zeros 2>/dev/null | grep -v "^\\." | sed -n "s,^\\(.*[^/]\\)$,/\\1,p"',
    needs: 'tar -xzOf "$1" --ignore-zeros .PKGINFO 2>/dev/null | sed -n "s/^depend = //p"',
    scripts: 'tar -tzf "$1" --ignore-zeros 2>/dev/null | grep "^\\.[^P]" || :',
    zsh: '/usr/share/zsh/site-functions/_kubectl-sa_token',
    wantedNeeds: [],
  },
};

const libraries = ['libgcc_s.so.1', 'libstdc++.so.6'].map((name) => `/usr/lib/kubectl-sa-token/${name}`);
const packages = targets.flatMap((target) => packagersOf(target).map((packager) => ({ target, packager })));
for (const { target, packager } of packages) {
  const { program, list, needs, scripts, zsh, wantedNeeds } = managers[packager];
  testUnless(without(program))(
    `${target.name}.${packager}: programs, manual and completions in their places; nothing runs at install`,
    async (t) => {
      const lines = async (command: string): Promise<string[]> => {
        const { stdout } = await here(t, command, pathOf(target, packager));
        return stdout.split('\n').filter(Boolean).toSorted();
      };
      const own = target.wheel === undefined ? [] : libraries;
      t.deepEqual(await lines(list), [...everywhere, ...own, zsh].toSorted());
      t.deepEqual(await lines(needs), wantedNeeds);
      t.deepEqual(await lines(scripts), []);
    },
  );
}

const host = hostTarget();
const missing = host?.os === 'linux' ? lacksChroots() : 'no package is for this platform';

for (const release of ['bullseye', 'trixie'])
  testUnless(missing).serial(
    `a stock Debian ${release}: dpkg installs, the programs run, dpkg removes`,
    (t) =>
      installed(t, release, 'deb', {
        install:
          'cp "$1" "$root/package.deb"; chroot "$root" dpkg --install /package.deb; rm "$root/package.deb"',
        remove: 'chroot "$root" dpkg --purge kubectl-sa-token',
      }),
  );

// Debian's rpm knows nothing of the libraries that dpkg installed.
testUnless(missing ?? without('rpm')).serial('rpm installs, the programs run, rpm removes', (t) =>
  installed(t, 'trixie', 'rpm', {
    install: 'rpm --root "$root" --dbpath /var/lib/rpm --install --nodeps "$1"',
    remove: 'rpm --root "$root" --dbpath /var/lib/rpm --erase kubectl-sa-token',
  }),
);

/** Far enough for the native module to be loaded: it then finds no Secret Service, rather than no module. */
const useKeychain =
  'HOME=/tmp DBUS_SESSION_BUS_ADDRESS=unix:path=/no-bus kubectl-sa_token login prod --server https://localhost:1';

async function installed(
  t: ExecutionContext,
  release: string,
  packager: Packager,
  { install, remove }: { install: string; remove: string },
): Promise<void> {
  if (host === undefined) return;
  const layer = await mkdtemp(join(tmpdir(), 'sa-token-layer-'));
  t.teardown(() => rm(layer, { recursive: true, force: true }));
  const file = pathOf(host, packager);
  /** What it printed, with the root of the system as `$root`, and `inside` for its own sh. */
  const run = async (script: string): Promise<string> => {
    const words = onCopy(chroot(release), layer, `inside() { chroot "$root" sh -c "$1"; }\n${script}`);
    const { code, stdout, stderr } = await execute([...words, 'sh', file], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      timeoutMs: 300_000,
    });
    t.is(code, 0, stderr);
    return stdout + stderr;
  };
  await run(install);
  const told = await run(`
    inside "kubectl-sa_token version; kubectl-sa-token version; kubectl_complete-sa_token ver"
    inside "${useKeychain}" || echo "exit $?"`);
  t.is(told.split(`kubectl-sa-token v${version}\n`).length, 3, told);
  t.regex(told, /^version\t/m);
  t.regex(told, /D-Bus session does not answer/);
  t.regex(told, /^exit 6$/m);
  await run(remove);
  t.is(await run('find "$root" -xdev -name "*sa?token*" -not -path "*/var/lib/*"'), '');
}

function without(program: string): string | undefined {
  return onPath(program) === undefined ? `no ${program} on PATH` : undefined;
}

function pathOf(target: Target, packager: Packager): string {
  return released(packageName(target, version, packager));
}

function here(t: ExecutionContext, command: string, file: string): Promise<{ stdout: string }> {
  t.timeout(120_000);
  return execute(['sh', '-ec', command, 'sh', file], {
    env: { PATH: process.env['PATH'] ?? '' },
    timeoutMs: 120_000,
  });
}
