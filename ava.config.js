// The sources run as they are: Node strips the types (erasableSyntaxOnly), so there is no build step.
const elsewhere = ['e2e', 'control-plane', 'package', 'clients', 'faults', 'bench'];

export default {
  files: ['test/**/*.test.ts', ...elsewhere.map((folder) => `!test/${folder}/**`)],
  extensions: ['ts'],
  timeout: '2m',
};
