import { agent } from './agents.ts';
import type { Edit, KeyPath } from './copy-with.ts';
import { graph } from './graphs.ts';
import { isNode, type Node } from './node.ts';
import type { NodeKind } from './node-kind.ts';
import type { Visitor } from './traverse.ts';

/** What a graph stores in: its checkpointer, or its cache of node results, whose keys do not include the nodes' texts. */
export interface Storage {
  readonly at: KeyPath;
  readonly storage: 'checkpointer' | 'cache';
  readonly stored: Node;
}

/** Edits of a program: what replaces the checkpointer or the cache of each graph. */
export function replacingStorage(replacementOf: (storage: Storage) => unknown): Visitor['edits'] {
  return (node, kind) =>
    storageOf(node, kind).flatMap((one): Edit[] => {
      const value = replacementOf(one);
      return value === one.stored ? [] : [{ at: one.at, value }];
    });
}

function storageOf(node: Node, kind: NodeKind): Storage[] {
  if (kind === graph) {
    return [
      ...storage('checkpointer', node.checkpointer, ['checkpointer']),
      ...storage('cache', node.cache, ['cache']),
    ];
  }
  if (kind !== agent) return [];
  const { checkpointer } = node.options as Node;
  return storage('checkpointer', node.checkpointer ?? checkpointer, ['options', 'checkpointer']);
}

/** Empty for the checkpointers `true` and `false`, which select whether the graph uses that of its parent. */
function storage(storage: Storage['storage'], stored: unknown, at: KeyPath): Storage[] {
  return isNode(stored) ? [{ at, storage, stored }] : [];
}
