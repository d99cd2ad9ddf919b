import { lockDirectory } from '../journal/lock.ts';
try { lockDirectory(process.argv[2]!, (e) => console.log('lost', e.message)); console.log('LOCKED', process.pid); await new Promise((r) => setTimeout(r, 4000)); } catch (e) { console.log((e as Error).name, process.pid); }
