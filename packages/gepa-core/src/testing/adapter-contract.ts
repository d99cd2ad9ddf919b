import { describe, expect, it } from 'vitest';
import type { Adapter, Execution, RunContext } from '../adapter/adapter.ts';
import type { CallMeter } from '../adapter/call-meter.ts';
import { type Step, stepsOf, walkSteps } from '../adapter/trace.ts';
import { addUsage, noUsage, type Usage } from '../budget/usage.ts';
import { type Candidate, componentNames, seedCandidateOf } from '../component.ts';
import { RolloutError } from '../errors.ts';

/** A program under test. Every test creates a new one. */
export interface ContractSubject<Example, Output> {
  readonly adapter: Adapter<Example, Output, readonly Step[]>;
  /** An example that the program answers. */
  readonly example: Example;
  /** An example on which the program itself throws an error that no retry fixes. */
  readonly failingExample: Example;
  /** An example on which the program takes far longer than a test, unless it is aborted. */
  readonly endlessExample: Example;
  /** Everything about the source object that must not change. */
  readonly fingerprint: () => unknown;
  /** Calls the source object as its owner would, without the adapter. */
  readonly callSource: (example: Example) => Promise<Output>;
  /** The texts that reached the models during a call: the output must echo them. */
  readonly textsSeen: (output: Output) => string;
  readonly close?: () => Promise<void>;
}

/**
 * The contract of every adapter, as a vitest suite: call it in a test file of the adapter's package, with a function that
 * creates a program. The program should have at least two components, and its output should echo the texts that its models
 * received.
 */
export function adapterContract<Example, Output>(
  name: string,
  makeSubject: () => Promise<ContractSubject<Example, Output>> | ContractSubject<Example, Output>,
): void {
  /** Texts that keep the contracts of the components and contain a mark. */
  const marked = (adapter: Adapter<Example, Output, readonly Step[]>, mark: string): Candidate =>
    Object.fromEntries(
      componentNames(adapter.components).map((component) => {
        const { variables = [] } = adapter.components[component]!;
        return [
          component,
          [`${mark} of ${component}`, ...variables.map((variable) => `{${variable}}`)].join(' '),
        ];
      }),
    );

  const subjectTest = (title: string, test: (subject: ContractSubject<Example, Output>) => Promise<void>) =>
    it(title, async () => {
      const subject = await makeSubject();
      try {
        await test(subject);
      } finally {
        await subject.adapter.close?.();
        await subject.close?.();
      }
    });

  describe(`adapter contract: ${name}`, () => {
    subjectTest('two adapters of the same program have the same components', async ({ adapter }) => {
      const again = await makeSubject();
      expect(componentNames(adapter.components).length).toBeGreaterThan(0);
      expect(again.adapter.components).toEqual(adapter.components);
      expect(Object.keys(again.adapter.components)).toEqual(Object.keys(adapter.components));
      for (const component of Object.values(adapter.components)) {
        expect(component.text).toBeTypeOf('string');
        for (const variable of component.variables ?? []) expect(component.text).toContain(`{${variable}}`);
      }
      await again.adapter.close?.();
      await again.close?.();
    });

    subjectTest(
      'the seed candidate runs like the source program',
      async ({ adapter, example, callSource, textsSeen }) => {
        const { output } = await adapter.run(seedCandidateOf(adapter.components), example, contextFor());
        expect(textsSeen(output)).toEqual(textsSeen(await callSource(example)));
      },
    );

    subjectTest('a rollout uses every text of its candidate', async ({ adapter, example, textsSeen }) => {
      const { output } = await adapter.run(marked(adapter, 'MARK'), example, contextFor());
      for (const component of componentNames(adapter.components)) {
        expect(textsSeen(output)).toContain(`MARK of ${component}`);
      }
    });

    subjectTest('50 concurrent rollouts do not see the texts of one another', async (subject) => {
      const { adapter, example, callSource, textsSeen } = subject;
      const plain = textsSeen(await callSource(example));
      const marks = Array.from({ length: 50 }, (_, i) => `M${i}X`);
      const rollouts = marks.map((mark) => adapter.run(marked(adapter, mark), example, contextFor()));
      const meanwhile = callSource(example);
      const outputs = await Promise.all(rollouts);
      outputs.forEach(({ output }, i) => {
        const foreign = marks.filter((mark) => mark !== marks[i] && textsSeen(output).includes(`${mark} of`));
        expect(foreign).toEqual([]);
        expect(textsSeen(output)).toContain(`${marks[i]} of`);
      });
      expect(textsSeen(await meanwhile)).toEqual(plain);
    });

    subjectTest(
      'rollouts do not change the source program',
      async ({ adapter, example, failingExample, fingerprint, callSource, textsSeen }) => {
        const before = fingerprint();
        const answer = textsSeen(await callSource(example));
        await adapter.run(marked(adapter, 'MARK'), example, contextFor());
        await adapter.run(marked(adapter, 'MARK'), failingExample, contextFor()).catch(() => {});
        expect(fingerprint()).toEqual(before);
        expect(textsSeen(await callSource(example))).toEqual(answer);
      },
    );

    subjectTest(
      'a trace contains the input, output and usage of every model call, by component',
      async (subject) => {
        const { adapter, example } = subject;
        const { trace, usage } = await adapter.run(marked(adapter, 'MARK'), example, contextFor());
        for (const component of componentNames(adapter.components)) {
          const models = stepsOf(trace ?? [], component).filter(({ kind }) => kind === 'model');
          expect(models.length, `model steps of ${component}`).toBeGreaterThan(0);
          const { input, tools, responseFormat } = models[0]!;
          expect(JSON.stringify([input, tools, responseFormat])).toContain(`MARK of ${component}`);
          expect(models[0]!.output).toBeDefined();
        }
        const modelSteps = [...walkSteps(trace ?? [])].filter(({ kind }) => kind === 'model');
        expect(usage?.modelCalls).toBe(modelSteps.length);
        expect(() => JSON.stringify(trace)).not.toThrow();
      },
    );

    subjectTest(
      'an adapter with metersCalls reports every model call, and makes none that the meter refuses',
      async (subject) => {
        const { adapter, example } = subject;
        if (adapter.metersCalls !== true) return;
        const texts = seedCandidateOf(adapter.components);
        const meter = new CountingMeter();
        const { usage } = await adapter.run(texts, example, { ...contextFor(), meter });
        expect(meter.begun).toBe(usage?.modelCalls);
        expect(meter.usage).toEqual(usage);
        const refusing = new CountingMeter(new Error('no room'));
        const refused = failureOf(adapter.run(texts, example, { ...contextFor(), meter: refusing }));
        expect(await refused).toBeInstanceOf(Error);
        expect(refusing.begun).toBe(0);
      },
    );

    subjectTest(
      'a program that throws rejects with a RolloutError that has the trace up to the error',
      async ({ adapter, failingExample }) => {
        const error = await failureOf(
          adapter.run(seedCandidateOf(adapter.components), failingExample, contextFor()),
        );
        expect(error).toBeInstanceOf(Error);
        expect((error as Error).message).not.toBe('');
        expect(RolloutError.isInstance(error)).toBe(true);
        expect((error as RolloutError).trace).toBeDefined();
      },
    );

    subjectTest('an abort ends a running rollout', async ({ adapter, endlessExample }) => {
      const controller = new AbortController();
      const running = failureOf(
        adapter.run(seedCandidateOf(adapter.components), endlessExample, contextFor(controller.signal)),
      );
      setTimeout(() => controller.abort(new Error('enough')), 50);
      expect(await running).toBeInstanceOf(Error);
    });

    subjectTest('a rollout with an aborted signal does not start', async ({ adapter, endlessExample }) => {
      const signal = AbortSignal.abort(new Error('enough'));
      expect(
        await failureOf(adapter.run(seedCandidateOf(adapter.components), endlessExample, contextFor(signal))),
      ).toBeInstanceOf(Error);
    });
  });
}

class CountingMeter implements CallMeter {
  begun = 0;
  usage: Usage = noUsage;
  readonly #refusal: Error | undefined;

  constructor(refusal?: Error) {
    this.#refusal = refusal;
  }

  async begin() {
    if (this.#refusal !== undefined) throw this.#refusal;
    this.begun++;
    // Only the first report counts.
    let report = (usage: Usage) => {
      this.usage = addUsage(this.usage, usage);
      report = () => {};
    };
    return {
      end: (usage: Usage) => report(usage),
      fail: () => report(noUsage),
    };
  }

  retrying() {
    return () => {};
  }
}

let runs = 0;

function contextFor(signal: AbortSignal = new AbortController().signal): RunContext {
  runs++;
  return {
    signal,
    runId: 'contract',
    iteration: 1,
    phase: 'minibatch',
    candidateIndex: 0,
    exampleId: `example:${runs}`,
  };
}

async function failureOf(running: Promise<Execution<unknown>>): Promise<unknown> {
  return running.then(
    () => expect.fail('the rollout did not throw'),
    (error: unknown) => error,
  );
}
