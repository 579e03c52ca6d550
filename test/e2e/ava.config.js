// Run by `npm run test:e2e`, apart from the other tests: each starts servers, keychains and many processes.
export default {
  files: ['test/e2e/**/*.test.ts'],
  extensions: ['ts'],
  concurrency: 2,
  timeout: '120s',
};
