import { fileURLToPath } from 'node:url';

// Node keeps what it compiled between the files, and between the programs that they start.
process.env.NODE_COMPILE_CACHE = fileURLToPath(new URL('node_modules/.cache/node', import.meta.url));
// The keychain's library goes by the environment of this process: it finds no session of the person who runs the tests.
delete process.env.DBUS_SESSION_BUS_ADDRESS;
process.env.XDG_RUNTIME_DIR = '/nonexistent';

// The sources run as they are: Node strips the types (erasableSyntaxOnly), so there is no build step.
export default {
  files: [
    'test/unit/**/*.test.ts',
    'test/support/**/*.test.ts',
    // What the fake API server has in common with real ones.
    'test/cluster/{granted,refusals,reviews}.test.ts',
  ],
  environmentVariables: { SA_TOKEN_CONTRACT: 'fake' },
  extensions: ['ts'],
  timeout: '2m',
};
