// Run by `npm run test:clients`, apart from the other tests: each file starts servers, a keychain and many clients.
export default {
  files: ['test/clients/**/*.test.ts'],
  extensions: ['ts'],
  concurrency: 2,
  timeout: '3m',
};
