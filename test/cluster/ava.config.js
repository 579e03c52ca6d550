// Run by `npm run test:control-plane`, apart from the other tests: each file starts real servers.
export default {
  files: ['test/cluster/**/*.test.ts'],
  extensions: ['ts'],
  concurrency: 1,
  timeout: '120s',
};
