import type { RunnableConfig } from '@langchain/core/runnables';
import {
  type ComponentSelectionOptions,
  type LanguageModel,
  type Metric,
  NoComponentsError,
  type ProgramExample,
  type SelectedName,
  type Target,
  type Tunable,
} from 'gepa-core';
import { createTarget, tunableComponents, withAbsoluteRunDir } from 'gepa-core/adapter';
import { createAdapter, type Invocable } from './adapter.ts';
import { carryTexts, uncarry } from './carry-texts.ts';
import { checkOptions } from './check-options.ts';
import { countUsage } from './metric-usage.ts';
import { type Discovery, discover, rewrite, type Skipped } from './program/index.ts';
import { type ReflectionModel, resolveReflectionModel } from './reflection-model.ts';
import { splitCandidate } from './tunables.ts';

/** What may be said about a program. */
export interface GepaOptions extends ComponentSelectionOptions {
  /**
   * Passed to the program on every rollout: callbacks, tags, configurable values. A function makes one for each
   * rollout, for what must not be shared, such as a session. Every rollout has a thread of its own without it, which is
   * kept in memory instead of in the program's checkpointer.
   */
  readonly config?: RunnableConfig | ((example: ProgramExample) => RunnableConfig);
  /** Texts inside functions of the program (nodes, tools, lambdas, an `entrypoint`) that are to be improved too. */
  readonly tunables?: readonly Tunable[];
  /**
   * Whether the descriptions of tools, of their schemas at every depth, and of structured output are components too.
   * Default `false`: improving them does not always help, and each is one more component to spend the budget on.
   */
  readonly tools?: boolean;
}

type InputOf<Program> = Program extends { invoke(input: infer Input, ...rest: never): unknown }
  ? Input
  : never;
type OutputOf<Program> = Program extends { invoke(...args: never): Promise<infer Output> } ? Output : never;

/** The names of the components, where the options tell them: those of `include` and those of tunables. */
export type ComponentName<Options> =
  string extends SelectedName<Options>
    ? Options extends
        | { readonly exclude: unknown }
        | { readonly rename: unknown }
        | { readonly include: unknown }
      ? string
      : Options extends { readonly tunables: readonly { readonly name: infer Name extends string }[] }
        ? Name | AnyName
        : string
    : SelectedName<Options>;

/** A string that does not swallow the literals beside it in a union. */
type AnyName = string & Record<never, never>;

/** A LangChain program whose texts can be optimized. */
export interface LangChainTarget<Program, Name extends string = string>
  extends Target<Program, InputOf<Program>, OutputOf<Program>, Name, ReflectionModel> {
  /** What was passed over: where and what it is, why it was left, and what would make it reachable. */
  readonly skipped: readonly Skipped[];
}

/**
 * Finds the texts of a LangChain program: a runnable (prompts in sequences, maps, assigns, bindings, retries,
 * fallbacks, branches and routers), a compiled LangGraph graph (in its nodes, subgraphs and conditional edges) or an
 * agent of `createAgent` (its system prompt). The program itself is never changed.
 *
 * @throws {NoComponentsError} when there is no text to optimize; the message says what was looked at.
 * @throws {OptionsError} when an option is of the wrong kind, `include`, `exclude` or `rename` name what is not there,
 * or `config` what rollouts must not share.
 */
export function gepa<Program extends Invocable<never>, const Options extends GepaOptions = GepaOptions>(
  given: Program,
  options?: Options,
): LangChainTarget<Program, ComponentName<Options>> {
  checkOptions(options ?? {});
  const { config, include, exclude, rename, tools = false } = options ?? ({} as Options);
  // A program that was compiled before is improved from the texts it carries.
  const { program, texts: carried } = uncarry(given);
  const tunables = (options?.tunables ?? []).map((one) => withText(one, carried[one.name]));
  const named = include?.filter((name) => !name.includes('*'));
  const discovery = discover(program, { tools, ...(named === undefined ? {} : { include: named }) });
  const found = { ...discovery.components, ...tunableComponents(tunables, discovery.components) };
  if (Object.keys(found).length === 0) throw nothingFound(discovery);
  type Input = InputOf<Program>;
  type Output = OutputOf<Program>;
  const target = createTarget<Program, Input, Output, ComponentName<Options>, LanguageModel>(
    {
      components: found,
      apply: (candidate) => {
        const { own, tuned } = splitCandidate(candidate, tunables);
        const rewritten = rewrite(program, own);
        const texts = { ...carried, ...tuned };
        return Object.keys(texts).length === 0 ? rewritten : carryTexts(rewritten, texts);
      },
      adapter: (components) =>
        createAdapter<Input, Output>({
          program: program as unknown as Invocable<Input, Output>,
          components,
          tunables,
          carried,
          ...(config === undefined ? {} : { config }),
        }),
      languageModel: (model) => model,
    },
    {
      ...(include === undefined ? {} : { include }),
      ...(exclude === undefined ? {} : { exclude }),
      ...(rename === undefined ? {} : { rename }),
    },
  );
  return {
    ...target,
    skipped: discovery.skipped,
    compile: async (settings) => target.compile(await inCoreTerms(settings)),
    estimate: async (settings, how) => target.estimate(await inCoreTerms(settings), how),
  };
}

/** What LangChain knows better than core: its chat models, and what the model calls of a metric cost. */
async function inCoreTerms<
  Settings extends {
    readonly reflectionModel?: ReflectionModel;
    readonly metric: Metric<never, never>;
    readonly runDir?: string;
  },
>(
  settings: Settings,
): Promise<Omit<Settings, 'reflectionModel'> & { readonly reflectionModel?: LanguageModel }> {
  const { reflectionModel, ...rest } = withAbsoluteRunDir(settings ?? ({} as Settings));
  const model = reflectionModel === undefined ? undefined : await resolveReflectionModel(reflectionModel);
  return {
    ...rest,
    metric: typeof rest.metric === 'function' ? countUsage(rest.metric) : rest.metric,
    ...(model === undefined ? {} : { reflectionModel: model }),
  };
}

function withText(one: Tunable, text: string | undefined): Tunable {
  return text === undefined ? one : { name: one.name, text, component: { ...one.component, text } };
}

function nothingFound({ inspected, skipped }: Discovery): NoComponentsError {
  const seen = inspected.map(({ type, location }) => `${type} at ${location}`).join('; ');
  const passed = skipped.map(({ location, reason, hint }) => `${location}: ${reason}. ${hint}`);
  return new NoComponentsError(
    `There is no text to optimize in this program. Looked at: ${seen || 'nothing'}.${passed.length === 0 ? '' : `\nPassed over:\n- ${passed.join('\n- ')}`}`,
  );
}
