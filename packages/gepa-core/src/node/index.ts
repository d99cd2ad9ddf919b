export { stopFile } from './stop-file.ts';
