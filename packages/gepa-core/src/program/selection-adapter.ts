import type { Adapter, Execution } from '../adapter/adapter.ts';
import type { Step } from '../adapter/trace.ts';
import type { Candidate, Component } from '../component.ts';
import { RolloutError } from '../errors.ts';
import type { SelectedComponent } from './select-components.ts';

type ProgramAdapter<Example, Output> = Adapter<Example, Output, readonly Step[]>;

/** Every member, so that a new one is not forgotten here. */
type Members<Type> = { readonly [Name in keyof Required<Type>]: Type[Name] };

/** Wraps an adapter so that it has only the selected components, under their public names. */
export function selectionAdapter<Example, Output, Name extends string>(
  adapter: ProgramAdapter<Example, Output>,
  selected: readonly SelectedComponent[],
): Adapter<Example, Output, readonly Step[], Name> {
  const publicName = new Map(selected.map(({ foundName, name }) => [foundName, name]));
  const rename = ({ trace, unread }: Pick<Execution<Output>, 'trace' | 'unread'>) => ({
    trace: trace?.map((step) => renamed(step, publicName)),
    unread: unread?.flatMap((name) => publicName.get(name) ?? []),
  });
  const members: Members<Adapter<Example, Output, readonly Step[], Name>> = {
    components: publicComponents(selected),
    models: adapter.models,
    versions: adapter.versions,
    source: adapter.source,
    warnings: adapter.warnings,
    secrets: adapter.secrets,
    metersCalls: adapter.metersCalls,
    async run(candidate, example, context) {
      try {
        const execution = await adapter.run(foundCandidate(selected, candidate), example, context);
        return { ...execution, ...rename(execution) };
      } catch (error) {
        if (!RolloutError.isInstance(error)) throw error;
        const { message, cause } = error;
        throw new RolloutError(message, { ...error, cause, ...rename(error as RolloutError) });
      }
    },
    // `run` has already renamed the components in the traces of the requests.
    reflectiveRecords: adapter.reflectiveRecords?.bind(adapter),
    propose: adapter.propose?.bind(adapter) as Members<
      Adapter<Example, Output, readonly Step[], Name>
    >['propose'],
    toPlain: adapter.toPlain?.bind(adapter),
    close: adapter.close?.bind(adapter),
  };
  return members;
}

export function publicComponents<Name extends string>(
  selected: readonly SelectedComponent[],
): Readonly<Record<Name, Component>> {
  return Object.fromEntries(selected.map(({ name, component }) => [name, component])) as Record<
    Name,
    Component
  >;
}

/** The candidate with the names under which the components were found in the program. */
export function foundCandidate(selected: readonly SelectedComponent[], candidate: Candidate): Candidate {
  return Object.fromEntries(selected.map(({ name, foundName }) => [foundName, candidate[name]!]));
}

function renamed(step: Step, publicName: ReadonlyMap<string, string>): Step {
  return {
    ...step,
    components: step.components?.flatMap((name) => publicName.get(name) ?? []),
    children: step.children?.map((child) => renamed(child, publicName)),
  };
}
