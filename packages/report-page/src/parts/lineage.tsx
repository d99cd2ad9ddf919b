import { type HierarchyPointNode, hierarchy, tree } from 'd3-hierarchy';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { address } from '../data/route.ts';
import type { Run } from '../data/run.ts';
import { formatScore } from './format.ts';
import { shade, statusWords } from './marks.tsx';

const COLUMN = 112;
/** The width of the score beside a node, after which edges begin. */
const LABEL = 50;
const LANE = 34;

/** A candidate, or a proposal that did not become one. */
interface Node {
  readonly key: string;
  readonly candidate?: number;
  readonly proposal?: number;
  readonly children: Node[];
}

/** The candidates as a graph: parents to the left, merges with a second, dashed line. */
export function Lineage({ run, showsRejected }: { run: Run; showsRejected: boolean }) {
  const { points, width, height, top } = useMemo(() => layout(run, showsRejected), [run, showsRejected]);
  const placeOf = new Map(points.map((point) => [point.data.key, point]));
  const means = run.data.candidates.map(({ mean }) => mean);
  const [low, high] = [Math.min(...means), Math.max(...means)];
  const shadeOf = (index: number) => shade(means[index]! - low, high - low);
  const x = (point: HierarchyPointNode<Node>) => 28 + point.y;
  const y = (point: HierarchyPointNode<Node>) => 24 + point.x - top;
  const box = useRef<HTMLDivElement>(null);
  const rootY = points[0] === undefined ? 0 : y(points[0]);
  useLayoutEffect(() => {
    const element = box.current!;
    element.scrollTop = rootY - element.clientHeight / 2;
  }, [rootY]);
  return (
    <div class="lineage" role="region" aria-label="Lineage of the candidates" tabIndex={0} ref={box}>
      <svg width={width + 90} height={height + 48} role="group" aria-label="Graph of candidates">
        {points.map((point) =>
          point.parent === null ? null : (
            <path
              class={point.data.candidate === undefined ? 'edge minor' : 'edge'}
              d={curve(x(point.parent), y(point.parent), x(point), y(point))}
            />
          ),
        )}
        {run.data.candidates.map(({ index, parents }) =>
          parents.slice(1).map((parent) => {
            const [from, to] = [placeOf.get(`c${parent}`), placeOf.get(`c${index}`)];
            if (from === undefined || to === undefined) return null;
            return <path class="edge merge" d={curve(x(from), y(from), x(to), y(to))} />;
          }),
        )}
        {points.map((point) => (
          <g transform={`translate(${x(point)} ${y(point)})`}>
            {point.data.candidate === undefined ? (
              <ProposalNode run={run} number={point.data.proposal!} />
            ) : (
              <CandidateNode run={run} index={point.data.candidate} shade={shadeOf(point.data.candidate)} />
            )}
          </g>
        ))}
      </svg>
    </div>
  );
}

function CandidateNode({ run, index, shade }: { run: Run; index: number; shade: number }) {
  const candidate = run.data.candidates[index]!;
  const isBest = run.isBest(index);
  const keys = run.survivors.get(index);
  const words = [
    run.nameOf(index),
    `score ${formatScore(candidate.mean)}`,
    isBest ? 'the best' : '',
    keys === undefined ? '' : `on the frontier, best on ${keys}`,
    candidate.source === 'merge' ? `merge of ${candidate.parents.join(' and ')}` : '',
  ].filter(Boolean);
  return (
    <a href={address(`candidates/${index}`)} aria-label={words.join(', ')}>
      <title>{words.join(', ')}</title>
      {keys !== undefined && <circle r={isBest ? 17 : 14} class="ring" />}
      {candidate.source === 'merge' ? (
        <rect x={-10} y={-10} width={20} height={20} transform="rotate(45)" class={`node shade-${shade}`} />
      ) : (
        <circle r={isBest ? 13 : 11} class={`node shade-${shade}${isBest ? ' best' : ''}`} />
      )}
      <text class={`node-name on-${shade}`} dy="0.35em">
        {index}
      </text>
      <text class={`node-score${isBest ? ' best' : ''}`} x={20} dy="0.35em">
        {candidate.mean.toFixed(2)}
        {isBest ? ' ★' : ''}
      </text>
    </a>
  );
}

function ProposalNode({ run, number }: { run: Run; number: number }) {
  const proposal = run.data.proposals[number - 1]!;
  const words = `Proposal ${number}: ${statusWords[proposal.status]}`;
  return (
    <a href={address(`proposals/${number}`)} aria-label={words}>
      <title>{words}</title>
      <circle r={9} class="hit" />
      <path class={`cross ${proposal.status}`} d="M-3.5 -3.5 3.5 3.5M-3.5 3.5 3.5 -3.5" />
    </a>
  );
}

function curve(fromX: number, y1: number, x2: number, y2: number): string {
  const x1 = fromX + LABEL;
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}

function layout(run: Run, showsRejected: boolean) {
  const nodes = run.data.candidates.map(
    ({ index }): Node => ({ key: `c${index}`, candidate: index, children: [] }),
  );
  for (const { index, parents } of run.data.candidates) {
    if (parents[0] !== undefined) nodes[parents[0]]?.children.push(nodes[index]!);
  }
  if (showsRejected) {
    for (const { number, parents, candidate, status } of run.data.proposals) {
      if (candidate !== undefined || status === 'skipped' || status === 'open') continue;
      nodes[parents[0] ?? 0]?.children.push({ key: `p${number}`, proposal: number, children: [] });
    }
  }
  const [root] = nodes;
  if (root === undefined) return { points: [], width: 0, height: 0, top: 0 };
  const laid = tree<Node>()
    .nodeSize([LANE, COLUMN])
    .separation((a, b) => (a.data.candidate === undefined && b.data.candidate === undefined ? 0.5 : 1))(
    hierarchy(root),
  );
  const points = laid.descendants();
  const xs = points.map(({ x }) => x);
  const top = Math.min(...xs);
  return { points, top, height: Math.max(...xs) - top, width: Math.max(...points.map(({ y }) => y)) };
}
