import { describe, expect, it } from 'vitest';
import type { Adapter, Execution, RunContext } from '../adapter/adapter.ts';
import type { CallMeter } from '../adapter/call-meter.ts';
import { type Step, stepsOf, walkSteps } from '../adapter/trace.ts';
import { addUsage, noUsage, type Usage } from '../budget/usage.ts';
import { type Candidate, componentNames, seedCandidateOf } from '../component.ts';
import { RolloutError } from '../errors.ts';

/** A program under test. It is made anew for every test. */
export interface ContractSubject<Example, Output> {
  readonly adapter: Adapter<Example, Output, readonly Step[]>;
  /** An example the program answers. */
  readonly example: Example;
  /** An example on which the program throws an error of its own that no retry heals. */
  readonly failingExample: Example;
  /** An example on which the program takes far longer than a test, unless it is aborted. */
  readonly endlessExample: Example;
  /** Writes down everything about the source object that must not change, its answer aside. */
  readonly fingerprint: () => unknown;
  /** Calls the source object as its owner would, without the adapter. */
  readonly callSource: (example: Example) => Promise<Output>;
  /** The texts that reached the models during a call, told from its output: the program echoes what it was given. */
  readonly textsSeen: (output: Output) => string;
  readonly close?: () => Promise<void>;
}

/**
 * What every adapter must keep, as a vitest suite: call it in a test file of the adapter's package with a function
 * that makes a program. The program should hold at least two components, and its output should tell which texts its
 * models were given.
 */
export function adapterContract<Example, Output>(
  name: string,
  makeSubject: () => Promise<ContractSubject<Example, Output>> | ContractSubject<Example, Output>,
): void {
  /** A text that keeps the component's contract and can be told from every other. */
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
    subjectTest('components are stable, and typed', async ({ adapter }) => {
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

    subjectTest('the seed runs as the source does', async ({ adapter, example, callSource, textsSeen }) => {
      const { output } = await adapter.run(seedCandidateOf(adapter.components), example, contextFor());
      expect(textsSeen(output)).toEqual(textsSeen(await callSource(example)));
    });

    subjectTest('every text of a candidate is applied', async ({ adapter, example, textsSeen }) => {
      const { output } = await adapter.run(marked(adapter, 'MARK'), example, contextFor());
      for (const component of componentNames(adapter.components)) {
        expect(textsSeen(output)).toContain(`MARK of ${component}`);
      }
    });

    subjectTest('a candidate is applied to its rollout only, also beside 50 others', async (subject) => {
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
      'the source is untouched',
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
      'a trace is complete: every component, what models were given and said, their usage',
      async (subject) => {
        const { adapter, example } = subject;
        const { trace, usage } = await adapter.run(marked(adapter, 'MARK'), example, contextFor());
        for (const component of componentNames(adapter.components)) {
          const models = stepsOf(trace ?? [], component).filter(({ kind }) => kind === 'model');
          expect(models.length, `model steps of ${component}`).toBeGreaterThan(0);
          expect(JSON.stringify(models[0]!.input)).toContain(`MARK of ${component}`);
          expect(models[0]!.output).toBeDefined();
        }
        const modelSteps = [...walkSteps(trace ?? [])].filter(({ kind }) => kind === 'model');
        expect(usage?.modelCalls).toBe(modelSteps.length);
        expect(() => JSON.stringify(trace)).not.toThrow();
      },
    );

    subjectTest('an adapter that meters its calls tells of each, and takes a no', async (subject) => {
      const { adapter, example } = subject;
      if (adapter.metersCalls !== true) return;
      const texts = seedCandidateOf(adapter.components);
      const meter = new CountingMeter();
      const { usage } = await adapter.run(texts, example, { ...contextFor(), meter });
      expect(meter.begun).toBe(usage?.modelCalls);
      expect(meter.usage).toEqual(usage);
      const no = new CountingMeter(new Error('no room'));
      expect(await failureOf(adapter.run(texts, example, { ...contextFor(), meter: no }))).toBeInstanceOf(
        Error,
      );
      expect(no.begun).toBe(0);
    });

    subjectTest(
      'an error is thrown with its cause and the trace up to it',
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

    subjectTest('an abort ends a rollout within a moment', async ({ adapter, endlessExample }) => {
      const controller = new AbortController();
      const running = failureOf(
        adapter.run(seedCandidateOf(adapter.components), endlessExample, contextFor(controller.signal)),
      );
      setTimeout(() => controller.abort(new Error('enough')), 50);
      expect(await running).toBeInstanceOf(Error);
    });

    subjectTest('an aborted signal lets nothing start', async ({ adapter, endlessExample }) => {
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
    // What is told later is not heard.
    let hear = (usage: Usage) => {
      this.usage = addUsage(this.usage, usage);
      hear = () => {};
    };
    return {
      end: (usage: Usage) => hear(usage),
      fail: () => hear(noUsage),
    };
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
