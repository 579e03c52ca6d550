// The sources run as they are: Node strips the types (erasableSyntaxOnly), so there is no build step.
export default {
  files: ['test/unit/**/*.test.ts', 'test/support/**/*.test.ts'],
  extensions: ['ts'],
  timeout: '2m',
};
