// Run by `npm run test:package`, on the archives that `npm run package` left in dist (or in SA_TOKEN_DIST).
export default {
  files: ['test/package/**/*.test.ts'],
  extensions: ['ts'],
  concurrency: 1,
  // An archive unpacks to 150 MB; one at a time.
  serial: true,
  timeout: '20m',
};
