/** The Homebrew formula of a release: for a tap, macOS and Linux, from the archives. */
import { projectLicense, projectPage, projectSummary, projectVersion } from './packages.ts';
import { archiveAddress, archiveName, isForMusl, targets } from './platforms.ts';

const systems = { darwin: 'macos', linux: 'linux' } as const;
const processors = { amd64: 'intel', arm64: 'arm' } as const;

/** @param hashes - SHA-256 by archive name */
export function homebrewFormula(hashes: ReadonlyMap<string, string>): string {
  return `# Made by \`npm run package\`.
class KubectlSaToken < Formula
  desc "${projectSummary}"
  homepage "${projectPage}"
  version "${projectVersion}"
  license "${projectLicense}"

${blockOf('darwin', hashes)}

${blockOf('linux', hashes)}

  def install
    man1.install "kubectl-sa-token.1"
    libexec.install Dir["*"]
    %w[kubectl-sa-token kubectl-sa_token kubectl_complete-sa_token].each do |program|
      bin.install_symlink libexec/program
    end
    generate_completions_from_executable(libexec/"kubectl-sa-token", "completion",
                                         base_name: "kubectl-sa_token", shells: [:bash, :zsh, :fish])
  end

  test do
    assert_equal "kubectl-sa-token v#{version}\\n", shell_output("#{bin}/kubectl-sa_token version")
  end
end
`;
}

function blockOf(os: keyof typeof systems, hashes: ReadonlyMap<string, string>): string {
  const inner = targets
    .filter((target) => target.os === os && !isForMusl(target))
    .map((target) =>
      [
        `    on_${processors[target.arch]} do`,
        `      url "${archiveAddress(target, projectVersion)}"`,
        `      sha256 "${hashes.get(archiveName(target, projectVersion))}"`,
        '    end',
      ].join('\n'),
    );
  return `  on_${systems[os]} do\n${inner.join('\n')}\n  end`;
}
