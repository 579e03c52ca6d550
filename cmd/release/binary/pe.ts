/** PE, as far as shipping a Windows binary needs it (64 bits). */

const pe32Plus = 0x20b;

/**
 * Without its Authenticode signature: adding the program to node.exe breaks the one Node has, and Windows and virus
 * scanners think worse of a broken signature than of none.
 */
export function withoutSignature(exe: Buffer): Buffer {
  const optionalHeader = exe.readUInt32LE(0x3c) + 24;
  if (exe.readUInt16LE(0) !== 0x5a4d || exe.readUInt16LE(optionalHeader) !== pe32Plus) {
    throw new Error('not a 64-bit PE file');
  }
  const entry = optionalHeader + 112 + 4 * 8;
  const [offset, size] = [exe.readUInt32LE(entry), exe.readUInt32LE(entry + 4)];
  if (size === 0) return exe;
  if (offset + size !== exe.length) throw new Error('the signature is not at the end of the file');
  const unsigned = Buffer.from(exe.subarray(0, offset));
  unsigned.fill(0, entry, entry + 8);
  return unsigned;
}
