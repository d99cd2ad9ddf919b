import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from '@mastra/core/agent';
import { CandidateMismatchError, FileFormatError, NoComponentsError, OptionsError } from 'gepa-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gepa } from './gepa.ts';
import { load, type SavedCandidate } from './load.ts';

const agentWith = (instructions: ConstructorParameters<typeof Agent>[0]['instructions']) =>
  new Agent({ id: 'support', name: 'Support', instructions, model: 'openai/gpt-4.1-nano' });
const agent = agentWith('Be kind.');

const saved: SavedCandidate = {
  format: 'gepa-candidate',
  version: 1,
  texts: { 'support.instructions': 'Be polite.' },
  original: { 'support.instructions': 'Be kind.' },
  scores: { validation: { seed: 0.5, best: 1 } },
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gepa-load-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('load returns an agent with the texts of a saved object and leaves the agent itself unchanged', async () => {
  expect(await load(agent, saved).getInstructions()).toBe('Be polite.');
  expect(await agent.getInstructions()).toBe('Be kind.');
});

it('load reads the file that save writes', async () => {
  const path = join(folder, 'support.gepa.json');
  writeFileSync(path, JSON.stringify(saved));
  expect(await load(agent, path).getInstructions()).toBe('Be polite.');
});

it('load gives the same agent as gepa(agent).load with the same options', async () => {
  const options = { rename: { 'support.instructions': 'tone' }, config: { maxSteps: 2 } } as const;
  const renamed = { ...saved, texts: { tone: 'Be polite.' }, original: { tone: 'Be kind.' } };
  const loaded = await load(agent, renamed, options).getInstructions();
  expect(loaded).toBe('Be polite.');
  expect(loaded).toBe(await gepa(agent, options).load(renamed).getInstructions());
});

it('load evaluates dynamic instructions with the request context of the options', async () => {
  const dynamic = agentWith(({ requestContext }) => `Serve ${requestContext.get('tier')}.`);
  const original = { 'support.instructions': 'Serve gold.' };
  const loaded = load(dynamic, { ...saved, original }, { requestContext: { tier: 'gold' } });
  expect(await loaded.getInstructions()).toBe('Be polite.');
});

it('load refuses a text that has changed since, unless ifChanged is "apply"', async () => {
  const changed = agentWith('Be very kind.');
  expect(() => load(changed, saved)).toThrow(CandidateMismatchError);
  expect(await load(changed, saved, { ifChanged: 'apply' }).getInstructions()).toBe('Be polite.');
});

it('load throws OptionsError on an option that does not exist and on what is not an agent or a workflow', () => {
  expect(() => load(agent, saved, { rename_: {} } as never)).toThrow(
    'There is no option "rename_"; did you mean "rename"?',
  );
  expect(() => load({} as never, saved)).toThrow(OptionsError);
});

it('load throws on what is not a saved candidate, and on an agent without texts', () => {
  expect(() => load(agent, { ...saved, version: 2 } as never)).toThrow(FileFormatError);
  expect(() => load(agentWith(''), saved)).toThrow(NoComponentsError);
});
