// The sources run as they are: Node strips the types (erasableSyntaxOnly), so there is no build step.
export default {
  files: ['test/**/*.test.ts', '!test/e2e/**', '!test/control-plane/**'],
  extensions: ['ts'],
  timeout: '60s',
};
