/** YAML for `-o yaml`, loaded when it is asked for. A file of its own, since a bundle has no names to import from a CommonJS package. */
export { stringify } from 'yaml';
