import type { LanguageModel, Metric, SelectedName, Target } from 'gepa-core';
import { asServable, checkOptions, createTarget, servedParts, withAbsoluteRunDir } from 'gepa-core/adapter';
import { createAdapter, type Invocable } from './adapter.ts';
import { checkConfig, optionKinds } from './check-config.ts';
import { findTexts } from './find-texts.ts';
import { meterMetric } from './metered/metered-metric.ts';
import type { GepaOptions } from './options.ts';
import { checkInclude } from './program/check-include.ts';
import { discover, noComponentsError, type Skipped } from './program/discover.ts';
import { checkParts } from './program/part-readers.ts';
import { templateChecks, withChecks } from './program/template-checks.ts';
import { type ReflectionModel, resolveReflectionModel } from './reflection/reflection-model.ts';

type InputOf<Program> = Program extends { invoke(input: infer Input, ...rest: never): unknown }
  ? Input
  : never;
type OutputOf<Program> = Program extends { invoke(...args: never): infer Output } ? Awaited<Output> : never;

/** The component names that the options determine: those of `include` and those of tunables. Otherwise `string`. */
export type ComponentName<Options> =
  string extends SelectedName<Options>
    ? Options extends
        | { readonly exclude: unknown }
        | { readonly parts: unknown }
        | { readonly rename: unknown }
        | { readonly include: unknown }
      ? string
      : Options extends { readonly tunables: readonly { readonly name: infer Name extends string }[] }
        ? Name | AnyName
        : string
    : SelectedName<Options>;

/** A `string` that does not absorb literals in a union. */
type AnyName = string & Record<never, never>;

/** A LangChain program whose texts can be optimized. */
export interface LangChainTarget<Program, Name extends string = string>
  extends Target<Program, InputOf<Program>, OutputOf<Program>, Name, ReflectionModel> {
  /** The parts of the program that are not optimized: type, location, reason, and how to include each. */
  readonly skipped: readonly Skipped[];
  /**
   * Removes the hooks from the objects of `parts`, and from tools whose descriptions are components. The programs that the
   * target has returned then lose their texts there, unless another target has hooks on them. The target adds the hooks again when it is used.
   */
  dispose(): void;
}

/**
 * Finds the texts of a LangChain program: a runnable (prompts in sequences, maps, assigns, bindings, retries,
 * fallbacks, branches and routers), a compiled LangGraph graph (in its nodes, subgraphs and conditional edges) or an
 * agent of `createAgent` (its system prompt). The program itself is never changed.
 *
 * @throws {NoComponentsError} when the program has no text to optimize; the message lists the parts that were inspected.
 * @throws {OptionsError} when an option has the wrong type, `include`, `exclude` or `rename` contain an unknown name,
 * or `config` sets a `thread_id` that all rollouts would share.
 */
export function gepa<Program extends Invocable<never>, const Options extends GepaOptions = GepaOptions>(
  given: Program,
  options?: Options,
): LangChainTarget<Program, ComponentName<Options>> {
  checkOptions(options ?? {}, optionKinds);
  checkConfig(options?.config);
  const { config, include, exclude, rename, variables, tools = false } = options ?? ({} as Options);
  checkParts(options?.parts ?? {});
  const { program, parts, tunables, boundTexts, components, apply, including } = findTexts(
    given,
    options ?? {},
    {
      components: (whole, found) => discover(whole, found).components,
      noComponents: (whole) => noComponentsError(discover(whole)),
    },
  );
  checkInclude(program, Object.keys(components), include);
  /** The parts with hooks, including those of `load`, which may find more texts. */
  const hooked = [parts];
  type Input = InputOf<Program>;
  type Output = OutputOf<Program>;
  const target = createTarget<Program, Input, Output, ComponentName<Options>, LanguageModel>(
    {
      components,
      apply,
      including: (names) => {
        const found = including(names);
        hooked.push(found.parts);
        return found;
      },
      adapter: (selected) =>
        createAdapter<Input, Output>({
          program: program as unknown as Invocable<Input, Output>,
          components: selected,
          parts,
          tunables,
          boundTexts,
          config,
        }),
      languageModel: (model) => model,
    },
    { include, exclude, rename, variables },
  );
  const names = Object.keys(target.components);
  const checks = Object.fromEntries(
    Object.entries(templateChecks(program)).flatMap(([found, check]) => {
      const name = rename?.[found] ?? found;
      return names.includes(name) ? [[name, check]] : [];
    }),
  );
  const toSearchSettings = async <Settings extends CoreSettings & { readonly validate?: unknown }>(
    settings: Settings,
  ) => {
    const core = await toCoreSettings(settings);
    return Object.keys(checks).length === 0
      ? core
      : { ...core, validate: withChecks(core.validate, checks, names) as typeof core.validate };
  };
  const whole: LangChainTarget<Program, ComponentName<Options>> = {
    ...target,
    skipped: discover(program, { tools, include }).skipped,
    dispose: () => {
      for (const each of hooked) each.dispose();
    },
    compile: async (settings) => target.compile(await toSearchSettings(settings)),
    evaluate: async (settings) => target.evaluate(await toCoreSettings(settings)),
    estimate: async (settings, how) => target.estimate(await toSearchSettings(settings), how),
  };
  return asServable(whole, { ...servedParts(target), metric: meterMetric });
}

interface CoreSettings {
  readonly reflectionModel?: ReflectionModel;
  readonly metric: Metric<never, never>;
  readonly runDir?: string;
}

/** Resolves the reflection model, and meters the metric's model calls. */
async function toCoreSettings<Settings extends CoreSettings>(
  settings: Settings,
): Promise<Omit<Settings, 'reflectionModel'> & { readonly reflectionModel?: LanguageModel }> {
  const { reflectionModel, ...rest } = withAbsoluteRunDir(settings ?? ({} as Settings));
  const model = reflectionModel === undefined ? undefined : await resolveReflectionModel(reflectionModel);
  return {
    ...rest,
    metric: typeof rest.metric === 'function' ? meterMetric(rest.metric) : rest.metric,
    ...(model === undefined ? {} : { reflectionModel: model }),
  };
}
