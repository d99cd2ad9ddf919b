import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Run } from '../data/run.ts';
import { formatScore } from './format.ts';

/** Score against metric calls: every candidate, the best so far, the seed, and the held-out interval. */
export function ScoreChart({ run }: { run: Run }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current!;
    let plot = draw(element, run);
    const size = () => plot.setSize({ width: element.clientWidth, height: heightOf(element) });
    const observer = new ResizeObserver(size);
    observer.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const again = () => {
      plot.destroy();
      plot = draw(element, run);
    };
    scheme.addEventListener('change', again);
    return () => {
      observer.disconnect();
      scheme.removeEventListener('change', again);
      plot.destroy();
    };
  }, [run]);
  const { data } = run;
  const seed = data.candidates[0]?.partMean;
  const best = data.candidates[data.bestIndex]?.partMean;
  const text = `Score against metric calls: ${data.candidates.length} candidates after ${data.metricCalls} metric calls${seed === undefined || best === undefined ? '' : `; seed ${formatScore(seed)}, best ${formatScore(best)}`}. The table of candidates has the numbers.`;
  return <div class="chart" role="img" aria-label={text} ref={box} />;
}

const heightOf = (element: HTMLElement): number => (element.clientWidth < 500 ? 230 : 300);

function draw(element: HTMLElement, run: Run): uPlot {
  const { data } = run;
  const color = (name: string) => getComputedStyle(element).getPropertyValue(`--${name}`).trim();
  const { candidates, test } = data;
  const calls = candidates.map(({ metricCalls }) => metricCalls);
  const order = candidates.map((_, i) => i).sort((a, b) => calls[a]! - calls[b]! || a - b);
  let leader = Number.NEGATIVE_INFINITY;
  const x = order.map((i) => calls[i]!);
  const all = order.map((i) => candidates[i]!.partMean);
  const best = all.map((mean) => {
    leader = Math.max(leader, mean);
    return leader;
  });
  const end = Math.max(data.metricCalls, ...x, 1);
  x.push(end);
  all.push(Number.NaN);
  best.push(leader);
  const seedMean = candidates[0]?.partMean ?? 0;
  const seed = x.map(() => seedMean);
  const inBest = order.indexOf(data.bestIndex);
  const values = [...all, ...(test === undefined ? [] : intervalOf(run, test))].filter(Number.isFinite);
  const low = Math.min(...values, 1);
  const high = Math.max(...values, low + 0.05);
  const room = (high - low) * 0.1;
  const axis = { stroke: color('quiet'), grid: { stroke: color('line'), width: 1 }, ticks: { show: false } };
  const font = '12px system-ui, sans-serif';
  return new uPlot(
    {
      width: element.clientWidth,
      height: heightOf(element),
      padding: [12, test === undefined ? 12 : 84, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: [0, end] }, y: { range: [low - room, high + room] } },
      axes: [
        { ...axis, font, label: 'metric calls', labelFont: font, labelSize: 20, size: 30 },
        { ...axis, font, size: 48, values: (_, ticks) => ticks.map((tick) => tick.toFixed(2)) },
      ],
      series: [
        {},
        { stroke: color('quiet'), width: 1, dash: [5, 4], points: { show: false } },
        {
          stroke: color('accent'),
          width: 2,
          points: { show: false },
          paths: uPlot.paths.stepped!({ align: 1 }),
        },
        { stroke: color('accent'), paths: () => null, points: { show: true, size: 6, fill: color('paper') } },
      ],
      hooks: {
        draw: [
          (plot) => {
            if (inBest >= 0) drawBest(plot, x[inBest]!, all[inBest]!, color('best'));
            if (test !== undefined) drawInterval(plot, intervalOf(run, test), color);
          },
        ],
      },
    },
    [x, seed, best, all.map((value) => (Number.isNaN(value) ? null : value))] as uPlot.AlignedData,
    element,
  );
}

type Test = NonNullable<Run['data']['test']>;

/**
 * The held-out scores of the seed and of the best candidate, with the interval of the gain relative to the seed, cut to the
 * range of possible scores.
 */
function intervalOf(
  { data: { about } }: Run,
  { seedScore, bestScore, interval }: Test,
): readonly [seed: number, best: number, low: number, high: number] {
  const lowest = Number(about.strategies.failureScore ?? Number.NEGATIVE_INFINITY);
  const highest = about.perfectScore ?? Number.POSITIVE_INFINITY;
  const possible = (score: number, other: number) =>
    Math.max(Math.min(lowest, other), Math.min(Math.max(highest, other), score));
  return [
    seedScore,
    bestScore,
    possible(seedScore + interval[0], bestScore),
    possible(seedScore + interval[1], bestScore),
  ];
}

function drawBest({ ctx, valToPos }: uPlot, x: number, y: number, color: string): void {
  ctx.save();
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.arc(valToPos(x, 'x', true), valToPos(y, 'y', true), 5 * devicePixelRatio, 0, 2 * Math.PI);
  ctx.fill();
  ctx.restore();
}

function drawInterval(
  plot: uPlot,
  interval: ReturnType<typeof intervalOf>,
  color: (name: string) => string,
): void {
  const { ctx, bbox } = plot;
  const [seed, best, low, high] = interval.map((value) => plot.valToPos(value, 'y', true)) as [
    number,
    number,
    number,
    number,
  ];
  const unit = devicePixelRatio;
  const left = bbox.left + bbox.width;
  const x = left + 44 * unit;
  ctx.save();
  ctx.lineWidth = 2 * unit;
  ctx.strokeStyle = color('best');
  ctx.fillStyle = color('best');
  ctx.beginPath();
  for (const y of [low, high]) {
    ctx.moveTo(x - 5 * unit, y);
    ctx.lineTo(x + 5 * unit, y);
  }
  ctx.moveTo(x, low);
  ctx.lineTo(x, high);
  ctx.stroke();
  ctx.beginPath();
  ctx.arc(x, best, 5 * unit, 0, 2 * Math.PI);
  ctx.fill();
  ctx.strokeStyle = color('quiet');
  ctx.beginPath();
  ctx.moveTo(x - 10 * unit, seed);
  ctx.lineTo(x + 10 * unit, seed);
  ctx.stroke();
  ctx.fillStyle = color('quiet');
  ctx.font = `${12 * unit}px system-ui, sans-serif`;
  ctx.textAlign = 'center';
  ctx.fillText('held out', x, bbox.top + bbox.height + 18 * unit);
  ctx.restore();
}
