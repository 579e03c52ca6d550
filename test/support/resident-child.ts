/** The child of resident.ts: runs each command line that it is sent, and sends back how it ended. */
import { runLine, type Line } from './in-process.ts';

process.on('message', ({ id, line }: { id: number; line: Line }) => {
  void runLine(line).then((result) => process.send?.({ id, result }));
});
