import type { Run } from '../data/run.ts';
import { formatCount, formatTime, visible } from '../parts/format.ts';

/** The options, models and versions of the run. */
export function Setup({ run: { data } }: { run: Run }) {
  const { about, trainset, valset, testset } = data;
  const { task, reflection } = about.models;
  return (
    <>
      <h1>Setup</h1>
      <Facts
        title="Run"
        facts={{
          id: data.runId,
          started: formatTime(data.startedAt),
          'last change': formatTime(data.updatedAt),
          'random seed': String(about.seed),
          'perfect score': about.perfectScore === undefined ? 'not used' : String(about.perfectScore),
        }}
      />
      <Facts
        title="Examples"
        facts={{
          training: formatCount(trainset.length),
          validation: formatCount(valset.length),
          'held out': formatCount(testset.length),
        }}
      />
      <Facts
        title="Components"
        facts={Object.fromEntries(
          about.components.map(({ name, kind = 'text', description, variables }) => [
            name,
            [kind, variables?.length ? `variables ${variables.join(', ')}` : '', description ?? '']
              .filter(Boolean)
              .join(' · '),
          ]),
        )}
      />
      <Facts
        title="Models"
        facts={{
          program: task.join(', ') || 'not known by name',
          reflection: reflection ?? 'not known by name',
        }}
      />
      <Facts
        title="Limits"
        facts={Object.fromEntries(
          Object.entries(about.limits).map(([name, value]) => [name, formatCount(value)]),
        )}
      />
      <Facts title="Strategies" facts={about.strategies} />
      <Facts title="Versions" facts={about.versions} />
    </>
  );
}

function Facts({ title, facts }: { title: string; facts: Readonly<Record<string, string>> }) {
  const entries = Object.entries(facts);
  if (entries.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <dl class="facts-list">
        {entries.map(([name, value]) => (
          <div>
            <dt>{visible(name)}</dt>
            <dd>{visible(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
