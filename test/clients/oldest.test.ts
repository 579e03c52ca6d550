/** Every client against the oldest Kubernetes tested. */
import { onEachClient } from './each-client.ts';

onEachClient('oldest');
