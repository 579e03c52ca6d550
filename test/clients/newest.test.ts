/** Every client against the newest Kubernetes. */
import { onEachClient } from './each-client.ts';

onEachClient('newest');
