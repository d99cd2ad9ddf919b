// @module-tag slow
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');

let folder: string;
let stop: (() => unknown)[];
beforeEach(() => {
  stop = [];
  folder = mkdtempSync(join(tmpdir(), 'gepa-recipes-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  // What the snippets only declare: `options`, and `scoreOf` of the first snippet.
  writeFileSync(
    join(folder, 'declared.ts'),
    `${snippets('Runs in other tools')[0]}
const words = ['red', 'green', 'blue', 'round', 'square', 'soft'];
let reflections = 0;
Object.assign(globalThis, {
  scoreOf,
  options: {
    seedCandidate: { system: 'Say red.' },
    run: ({ system }, { question }) => ({ output: system.includes(question) ? 'yes' : 'no' }),
    metric: ({ output, example }) => ({ score: output === 'yes' ? 1 : 0, feedback: example.question }),
    reflectionModel: async () => '\`\`\`\\nSay ' + words.slice(0, 2 + reflections++).join(' ') + '.\\n\`\`\`',
    trainset: words.map((question) => ({ question })),
    valset: words.map((question) => ({ question })),
    maxMetricCalls: 60,
    runDir: 'run',
  },
});
`,
  );
});
afterEach(async () => {
  await Promise.all(stop.map((end) => end()));
  rmSync(folder, { recursive: true, force: true });
});

/** The TypeScript of a section of the page. */
function snippets(title: string): string[] {
  const page = readFileSync(join(import.meta.dirname, 'other-tools.md'), 'utf8');
  const section = page.split(/^#+ /m).find((text) => text.startsWith(`${title}\n`))!;
  return [...section.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!);
}

/** Runs the recipe of a section as it stands on the page, in a process of its own. */
function runRecipe(title: string, env: Record<string, string>) {
  const codes = snippets(title);
  for (const code of codes.slice(0, -1)) writeFileSync(join(folder, /^\/\/ (\S+)\n/.exec(code)![1]!), code);
  writeFileSync(join(folder, 'recipe.ts'), codes.at(-1)!);
  return new Promise<{ code: number | null; output: string }>((resolve) => {
    const child = spawn(
      process.execPath,
      ['--conditions=gepa-source', '--import=./declared.ts', 'recipe.ts'],
      { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, ...env } },
    );
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** The mean validation scores of the candidates, by number, as the run directory has them. */
function scoresOfRun(): number[] {
  const events = readFileSync(join(folder, 'run', 'events.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; scores: (number | null)[] });
  const scores = events.flatMap((event) => {
    if (event.type !== 'candidate_added') return [];
    const known = event.scores.filter((score) => score !== null);
    return [known.reduce((sum, score) => sum + score, 0) / known.length];
  });
  expect(scores.length).toBeGreaterThan(2);
  return scores;
}

interface Request {
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** A loopback server; `answer` returns the status and the body. */
async function serve(
  answer: (request: Request) => readonly [number, unknown] | Promise<readonly [number, unknown]>,
) {
  const server: Server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
    const [status, body] = await answer({
      url: request.url!,
      authorization: request.headers.authorization,
      body: text.length > 0 ? JSON.parse(text.toString()) : undefined,
    });
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stop.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the recipe for Langfuse, with its client', () => {
  /** The parts of Langfuse's ingestion API that concern scores. */
  const Batch = z.strictObject({
    batch: z
      .array(
        z.strictObject({
          id: z.uuid(),
          type: z.literal('score-create'),
          timestamp: z.iso.datetime({ offset: true }),
          body: z.strictObject({
            id: z.string().min(1).max(800),
            sessionId: z.string().min(1).max(200),
            name: z.string().min(1),
            value: z.number(),
            dataType: z.literal('NUMERIC'),
            comment: z.string(),
          }),
        }),
      )
      .min(1)
      .max(100),
    metadata: z.unknown().optional(),
  });
  const keys = { LANGFUSE_PUBLIC_KEY: 'pk-lf-1', LANGFUSE_SECRET_KEY: 'sk-lf-1' };

  it('stores one score per candidate, also when the run is resumed', async () => {
    const stored = new Map<string, { value: number; comment: string; sessionId: string }>();
    const requests: string[] = [];
    const LANGFUSE_BASE_URL = await serve(async ({ url, authorization, body }) => {
      requests.push(url);
      if (authorization !== `Basic ${btoa('pk-lf-1:sk-lf-1')}`)
        return [401, { message: 'Invalid credentials' }];
      const { data, error } = Batch.safeParse(body);
      if (error) return [400, { message: error.message }];
      for (const { body: score } of data.batch) stored.set(score.id, score);
      return [207, { successes: data.batch.map(({ id }) => ({ id, status: 201 })), errors: [] }];
    });
    const first = await runRecipe('Langfuse', { LANGFUSE_BASE_URL, ...keys });
    const again = await runRecipe('Langfuse', { LANGFUSE_BASE_URL, ...keys });
    expect([first, again]).toEqual([
      { code: 0, output: '' },
      { code: 0, output: '' },
    ]);
    expect(new Set(requests)).toEqual(new Set(['/api/public/ingestion']));
    const scores = scoresOfRun();
    expect([...stored.values()].map(({ value, comment }) => [comment, value])).toEqual(
      scores.map((score, i) => [`candidate ${i}`, score]),
    );
    expect(new Set([...stored.values()].map(({ sessionId }) => sessionId)).size).toBe(1);
  });

  it('sends the scores that are queued while an earlier batch is under way', async () => {
    const values: number[] = [];
    const LANGFUSE_BASE_URL = await serve(async ({ body }) => {
      const { batch } = Batch.parse(body);
      await new Promise((resolve) => setTimeout(resolve, 300));
      values.push(...batch.map((event) => event.body.value));
      return [207, { successes: batch.map(({ id }) => ({ id, status: 201 })), errors: [] }];
    });
    // A batch of two: the odd score is queued while requests are under way.
    const { code } = await runRecipe('Langfuse', { LANGFUSE_BASE_URL, ...keys, LANGFUSE_FLUSH_AT: '2' });
    expect(code).toBe(0);
    expect(values.sort()).toEqual(scoresOfRun().sort());
  });

  it('prints that requests are refused, and the run goes on', async () => {
    const LANGFUSE_BASE_URL = await serve(() => [401, { message: 'Invalid credentials' }]);
    const { code, output } = await runRecipe('Langfuse', { LANGFUSE_BASE_URL, ...keys });
    expect(code).toBe(0);
    expect(output).toContain('Invalid credentials');
    scoresOfRun();
  });
});

describe('the recipe for Weights & Biases, with its client', () => {
  const run = { WANDB_API_KEY: '0'.repeat(40) };
  const viewer = { data: { viewer: { id: 'u', entity: 'team', flags: '{}', teams: { edges: [] } } } };
  const operationOf = (body: unknown) =>
    /(?:query|mutation) (\w+)/.exec((body as { query: string }).query)![1];

  it('logs one row of history per candidate, with its number as the step, and finishes the run', async () => {
    const rows: { _step: number; validation: number }[] = [];
    const paths = new Set<string>();
    let end: unknown;
    let project: unknown;
    const WANDB_BASE_URL = await serve(({ url, authorization, body }) => {
      if (authorization !== `Basic ${btoa(`api:${run.WANDB_API_KEY}`)}`) return [401, {}];
      if (url === '/graphql') {
        if (operationOf(body) === 'Viewer') return [200, viewer];
        const { variables } = body as { variables: Record<string, unknown> };
        project = variables.project;
        return [200, { data: { upsertBucket: { bucket: { displayName: 'fine-run-1' }, inserted: true } } }];
      }
      paths.add(url.replace(/[^/]+\/file_stream$/, 'ID/file_stream'));
      const { files, ...rest } = body as { files?: Record<string, { offset: number; content: string[] }> };
      if ('complete' in rest) end = rest;
      const history = files?.['wandb-history.jsonl'];
      history?.content.forEach((line, i) => {
        rows[history.offset + i] = JSON.parse(line);
      });
      return [200, {}];
    });
    const { code, output } = await runRecipe('Weights & Biases', { WANDB_BASE_URL, ...run });
    expect(code, output).toBe(0);
    expect(rows.map(({ _step, validation }) => [_step, validation])).toEqual([...scoresOfRun().entries()]);
    expect([project, end]).toEqual(['gepa', { complete: true, exitcode: 0 }]);
    expect(paths).toEqual(new Set(['/files/team/gepa/ID/file_stream']));
  });

  it('a server that refuses history does not end the run', async () => {
    const WANDB_BASE_URL = await serve(({ url, body }) => {
      if (url !== '/graphql') return [400, { error: 'malformed' }];
      if (operationOf(body) === 'Viewer') return [200, viewer];
      return [200, { data: { upsertBucket: { bucket: { displayName: 'fine-run-1' }, inserted: true } } }];
    });
    const { code, output } = await runRecipe('Weights & Biases', { WANDB_BASE_URL, ...run });
    expect(code, output).toBe(0);
    scoresOfRun();
  });
});

describe('the recipe for OpenTelemetry, with its SDK and the OTLP exporter', () => {
  const Metrics = z.object({
    resourceMetrics: z.array(
      z.object({
        scopeMetrics: z.array(
          z.object({
            scope: z.object({ name: z.literal('gepa') }),
            metrics: z.array(
              z.object({
                name: z.string(),
                description: z.string().min(1),
                gauge: z.object({ dataPoints: z.array(z.object({ asDouble: z.number() })) }).optional(),
                sum: z
                  .object({
                    aggregationTemporality: z.literal(2), // cumulative
                    isMonotonic: z.literal(true),
                    dataPoints: z.array(
                      z.object({
                        asDouble: z.number(),
                        attributes: z.array(
                          z.object({ key: z.string(), value: z.object({ boolValue: z.boolean() }) }),
                        ),
                      }),
                    ),
                  })
                  .optional(),
              }),
            ),
          }),
        ),
      }),
    ),
  });

  it('exports the newest score, and counts rollouts and proposals', async () => {
    const exports: z.infer<typeof Metrics>[] = [];
    const OTEL_EXPORTER_OTLP_ENDPOINT = await serve(({ url, body }) => {
      if (url !== '/v1/metrics') return [404, {}];
      exports.push(Metrics.parse(body));
      return [200, {}];
    });
    const outcome = await runRecipe('OpenTelemetry metrics', { OTEL_EXPORTER_OTLP_ENDPOINT });
    expect(outcome).toEqual({ code: 0, output: '' });
    const metrics = exports.at(-1)!.resourceMetrics[0]!.scopeMetrics[0]!.metrics;
    const points = (name: string) => {
      const { gauge, sum } = metrics.find((metric) => metric.name === name)!;
      return gauge?.dataPoints ?? sum!.dataPoints;
    };
    const lines = readFileSync(join(folder, 'run', 'events.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const events = lines.map((line) => JSON.parse(line) as { type: string; accepted?: boolean });
    const evaluated = events.filter(({ type }) => type === 'proposal_evaluated');
    const accepted = evaluated.filter((event) => event.accepted).length;
    expect(points('gepa.validation.score')).toMatchObject([{ asDouble: scoresOfRun().at(-1) }]);
    expect(points('gepa.rollouts')[0]!.asDouble).toBeGreaterThan(evaluated.length);
    const count = (asDouble: number, boolValue: boolean) => ({
      asDouble,
      attributes: [{ key: 'accepted', value: { boolValue } }],
    });
    const expected = [
      ...(accepted > 0 ? [count(accepted, true)] : []),
      ...(evaluated.length > accepted ? [count(evaluated.length - accepted, false)] : []),
    ];
    expect(points('gepa.proposals')).toHaveLength(expected.length);
    expect(points('gepa.proposals')).toMatchObject(expect.arrayContaining(expected));
  });
});

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the recipe for MLflow, over its REST API', () => {
  const hasMlflow = (() => {
    try {
      execFileSync('mlflow', ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  })();

  it.skipIf(!hasMlflow)(
    'a real MLflow server has the scores of all candidates (needs `mlflow` on the PATH)',
    async () => {
      const port = await freePort();
      const api = `http://127.0.0.1:${port}`;
      mkdirSync(join(folder, 'mlflow'));
      const server = spawn(
        'mlflow',
        [
          'server',
          '--host=127.0.0.1',
          `--port=${port}`,
          '--workers=1',
          '--backend-store-uri=sqlite:///mlflow.db',
        ],
        {
          cwd: join(folder, 'mlflow'),
          stdio: 'ignore',
          detached: true,
          env: {
            ...process.env,
            MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
            MLFLOW_DISABLE_TELEMETRY: 'true',
          },
        },
      );
      stop.push(() => process.kill(-server.pid!, 'SIGKILL'));
      while (
        !(await fetch(`${api}/health`).then(
          ({ ok }) => ok,
          () => false,
        ))
      )
        await new Promise((resolve) => setTimeout(resolve, 250));

      const { code, output } = await runRecipe('MLflow', { MLFLOW_TRACKING_URI: api });
      expect(code, output).toBe(0);
      const get = async (path: string, body?: object) => {
        const init = body && {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        };
        const response = await fetch(`${api}/api/2.0/mlflow/${path}`, init);
        return (await response.json()) as {
          runs: { info: { run_id: string } }[];
          metrics: { step: number; value: number }[];
        };
      };
      const { runs } = await get('runs/search', { experiment_ids: ['0'] });
      expect(runs).toMatchObject([{ info: { status: 'FINISHED' } }]);
      const history = `metrics/get-history?run_id=${runs[0]!.info.run_id}&metric_key=`;
      const { metrics } = await get(`${history}validation`);
      const steps = metrics.map(({ step, value }) => [step, value]);
      expect(steps.sort()).toEqual([...scoresOfRun().entries()]);
      expect((await get(`${history}metric_calls`)).metrics).toMatchObject([{ step: 0 }]);
    },
    120_000,
  );

  it('prints that a metric is refused, and the run goes on', async () => {
    const MLFLOW_TRACKING_URI = await serve(({ url }) =>
      url.endsWith('/runs/create')
        ? [200, { run: { info: { run_id: 'a' } } }]
        : [503, { error_code: 'TEMPORARILY_UNAVAILABLE' }],
    );
    const { code, output } = await runRecipe('MLflow', { MLFLOW_TRACKING_URI });
    expect(code).toBe(0);
    expect(output).toContain('MLflow answered 503');
    scoresOfRun();
  });
});
