// Processes killed and failed at their system calls, crowds against a bad server, a whole run searched for secrets.
export default {
  files: ['test/faults/**/*.test.ts'],
  extensions: ['ts'],
  concurrency: 2,
  timeout: '240s',
};
