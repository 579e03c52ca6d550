/** Every client against our own server, which needs nothing but Node. */
import { onEachClient } from './each-client.ts';

onEachClient('fake');
