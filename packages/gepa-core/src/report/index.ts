export const terminalProgress = (): import('../events.ts').Listener => () => {};
