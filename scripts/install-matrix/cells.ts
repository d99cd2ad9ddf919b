import { lowestPeers, type Versions } from './lowest-peers.ts';

export type Manager = 'npm' | 'pnpm' | 'yarn' | 'yarn-pnp' | 'bun';
export type Runtime = 'node-22' | 'node-24' | 'bun' | 'deno';

/** One bare folder: what is installed there, how, and what runs the programs. */
export interface Cell {
  readonly name: string;
  readonly manager: Manager;
  readonly packages: readonly string[];
  /** The peers, and other packages of the user. */
  readonly others: Readonly<Record<string, string>>;
  readonly runtimes: readonly Runtime[];
  /** Whether gepa-core is also bundled for the edge. */
  readonly edge?: boolean;
  /** Whether CI runs it. */
  readonly quick?: boolean;
}

const all = ['gepa-core', 'gepa-langchain', 'gepa-mastra'];
const newest = { '@langchain/core': '^1', '@mastra/core': '^1', zod: '^4' };

export const cells: readonly Cell[] = [
  {
    name: 'npm, newest peers, zod 4',
    manager: 'npm',
    packages: all,
    others: newest,
    runtimes: ['node-22', 'node-24', 'bun', 'deno'],
    edge: true,
    quick: true,
  },
  {
    name: 'npm, newest peers, zod 3',
    manager: 'npm',
    packages: all,
    others: { ...newest, zod: '^3.25.76' },
    runtimes: ['node-24'],
  },
  // The lowest `langchain` requires a newer `@langchain/core` than gepa-langchain does.
  lowestCell('gepa-langchain', 'without langchain', { langchain: undefined }),
  lowestCell('gepa-langchain', 'with langchain', { '@langchain/core': '1.1.5' }),
  lowestCell('gepa-mastra'),
  {
    name: 'pnpm',
    manager: 'pnpm',
    packages: all,
    others: newest,
    runtimes: ['node-22', 'node-24'],
    quick: true,
  },
  { name: 'yarn, node_modules', manager: 'yarn', packages: all, others: newest, runtimes: ['node-24'] },
  { name: "yarn, Plug'n'Play", manager: 'yarn-pnp', packages: all, others: newest, runtimes: ['node-24'] },
  { name: 'bun', manager: 'bun', packages: all, others: newest, runtimes: ['bun', 'node-24'] },
];

function lowestCell(name: string, title = '', changes: Versions = {}): Cell {
  const versions = Object.entries({ ...lowestPeers[name], ...changes });
  return {
    name: `npm, lowest peers of ${name} ${title}`.trim(),
    manager: 'npm',
    packages: ['gepa-core', name],
    others: Object.fromEntries(
      versions.flatMap(([peer, version]) => (version === undefined ? [] : [[peer, version]])),
    ),
    runtimes: ['node-22', 'node-24'],
  };
}
