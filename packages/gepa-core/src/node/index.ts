export { type Interrupt, interruptible } from './interrupt.ts';
export { stopFile } from './stop-file.ts';
