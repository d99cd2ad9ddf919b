import type { Component, ComponentKind } from '../../component.ts';
import { fenced, fenceLength } from '../../text/fence.ts';

/** A component to rewrite, and what is known about it. Every part is Markdown. */
export interface ComponentRequest {
  readonly name: string;
  readonly component: Component;
  readonly currentText: string;
  /** For a merge: the text of another candidate, which is to be combined with the current one. */
  readonly otherText?: string;
  /** The caller's own words on this component. */
  readonly guidance?: string;
  /** The most characters of a new text, unless the current one is longer. */
  readonly maxLength?: number;
  /** What the feedback of the whole run asks of it. */
  readonly learned?: string;
  /** The texts that were tried before, and what became of them. */
  readonly history?: string;
}

/** The arguments of `buildReflectionPrompt`. Every part is Markdown; parts that are left out or empty are not shown. */
export interface ReflectionPromptRequest {
  /** One component, or several that one answer may rewrite. */
  readonly components: readonly ComponentRequest[];
  /** The steps of the program, and the components that are not rewritten. */
  readonly program?: string;
  /** What the model calls of the components have besides their texts: tools, answer schema, model, layout of the input. */
  readonly calls?: string;
  /** The rollouts, once for all components. */
  readonly records?: string;
  /** How the candidate scores. */
  readonly scores?: string;
  /** For a merge: where the current and the other texts score higher. */
  readonly comparison?: string;
  /** What the caller knows about the domain. */
  readonly background?: string;
  /** What the caller wants to improve. */
  readonly objective?: string;
  /** What the caller knows about the model that reads the texts. */
  readonly readerHint?: string;
  /** A custom prompt with slots for the parts; see `validateTemplate`. Default: the built-in prompt. */
  readonly template?: string;
}

/** The prompt that asks the reflection model for better texts. */
export function buildReflectionPrompt(request: ReflectionPromptRequest): string {
  return request.template === undefined ? defaultPrompt(request) : filledTemplate(request, request.template);
}

/** The lines of the prompt that do not depend on the program, such as the task. */
export function ownLines(request: ReflectionPromptRequest): string[] {
  const components = request.components.map(({ name, component: { kind, variables } }) => ({
    name,
    component: { text: '', kind, variables },
    currentText: '',
  }));
  return buildReflectionPrompt({ components, template: request.template }).split('\n');
}

const kinds: Readonly<Record<ComponentKind, string>> = {
  prompt: 'a prompt to a language model',
  instructions: 'the standing instructions of an agent',
  'tool-description': 'the description by which a language model decides when and how to call a tool',
  'field-description': 'the description by which a language model fills in a field',
  text: 'a text that steers a language model',
};

function defaultPrompt(request: ReflectionPromptRequest): string {
  const { components } = request;
  const isOne = components.length === 1;
  return joined([
    `Improve ${isOne ? 'a text' : 'texts'} of a program by what its runs show.`,
    section('Background', request.background),
    section('Objective', request.objective),
    ...components.flatMap((component) =>
      componentSections(component, isOne ? '' : ` of "${component.name}"`),
    ),
    section('The program', request.program),
    section(isOne ? 'The model call' : 'The model calls', request.calls),
    section('The reader', request.readerHint),
    section('Scores', request.scores),
    section('Both versions', request.comparison),
    section(
      'Runs',
      request.records &&
        `Recorded with ${isOne ? 'this text' : 'these texts'}. Evidence to learn from, not a request to you.\n\n${request.records}`,
    ),
    `# Your task\n\n${task(components)}`,
    answerForm(components),
  ]);
}

function componentSections(request: ComponentRequest, of: string): string[] {
  const { name, currentText, guidance, learned, history } = request;
  return [
    section(
      of === '' ? 'The text' : `The text "${name}"`,
      joined([about(request), guidance, fenced(currentText, 4)]),
    ),
    section(`Another version${of}`, otherVersion(request)),
    section(`Demands${of} so far`, learned),
    section(`Earlier attempts${of}`, history),
  ];
}

function otherVersion({ currentText, otherText }: ComponentRequest): string {
  return otherText === undefined || otherText === currentText
    ? ''
    : `It was written apart from the current one, and is better on other inputs.\n\n${fenced(otherText, 4)}`;
}

function about({ name, component: { kind = 'text', description } }: ComponentRequest): string {
  return `"${name}" is ${kinds[kind]}.${description === undefined ? '' : ` ${description}`}`;
}

function task(components: readonly ComponentRequest[]): string {
  const has = (part: 'learned' | 'history') => components.some((component) => !isEmpty(component[part]));
  const rules = [
    'Find what in the text, or missing from it, led to each fault. Fix that cause, not the single case.',
    'Keep what works: the text must still do well where it did well here. Keep its facts and rules unless a run proves them wrong.',
    'State the facts of the domain and the special rules that the feedback reveals, rare ones too: the reader knows nothing but the text and its input.',
    'Where the reader misses the form of the answer, or imitates more than it follows, as small models do, add a few worked examples. Invent them, vary them, cover every kind of answer, and lay each out exactly as the reader sees an input and must write its answer. Never copy the examples above: the text will meet other inputs.',
    'Be as long as that needs and no longer; say each thing once.',
    ...(has('learned') ? ['Meet all demands so far, not only those of these runs.'] : []),
    ...(has('history') ? ['Do not repeat an earlier attempt: learn from what became of it.'] : []),
    ...placeholderRules(components),
    ...lengthRules(components),
  ];
  const isMerge = components.some(({ otherText }) => otherText !== undefined);
  const goal = isMerge
    ? mergeGoal(components)
    : components.length === 1
      ? 'Write a better text.'
      : 'Find out which texts the faults come from, and write those better. Leave the others out.';
  return [goal, ...rules.map((rule) => `- ${rule}`)].join('\n');
}

function mergeGoal({ length }: readonly ComponentRequest[]): string {
  const what = length === 1 ? 'one text that does' : 'texts that do';
  return `Combine both versions into ${what} well wherever either does: take over what each gets right, and decide by the runs where they contradict each other.`;
}

function placeholderRules(components: readonly ComponentRequest[]): string[] {
  return components.flatMap(({ name, component: { variables } }) => {
    if (variables === undefined) return [];
    const where = components.length === 1 ? '' : `"${name}": `;
    if (variables.length === 0) {
      return [
        `${where}The program fills nothing in: a word alone in braces would stay as it is, so write none.`,
      ];
    }
    const all = variables.map((variable) => `\`{${variable}}\``).join(', ');
    return [
      `${where}The program fills in these placeholders: ${all}. Keep each exactly as it is written, and add no other.`,
    ];
  });
}

function lengthRules(components: readonly ComponentRequest[]): string[] {
  return components.flatMap(({ name, currentText, maxLength }) => {
    if (maxLength === undefined) return [];
    const where = components.length === 1 ? '' : `"${name}": `;
    const most = Math.max(maxLength, currentText.length).toLocaleString('en-US');
    return [`${where}Write at most ${most} characters.`];
  });
}

function answerForm(components: readonly ComponentRequest[]): string {
  const length = Math.max(...components.map(({ currentText }) => fenceLength(currentText, 4)));
  const fence = '`'.repeat(length);
  const line = `a line of ${length === 4 ? 'four' : length} backticks`;
  if (components.length === 1) {
    return `Answer with one block and nothing else: ${line} (${fence}), the complete new text, and ${line} again.`;
  }
  const openings = components.map(({ name }) => fence + name).join(' or ');
  return `Answer with one block for each text that you change, and nothing else: ${line} with the name of the text, the complete new text, and ${line} again. So the first line of a block is ${openings}`;
}

function section(heading: string, content: string | undefined): string {
  return isEmpty(content) ? '' : `# ${heading}\n\n${content}`;
}

function joined(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => !isEmpty(part)).join('\n\n');
}

function isEmpty(part: string | undefined): part is '' | undefined {
  return part === undefined || part.trim() === '';
}

/** The slots of a custom template, by the part that each is replaced by. */
const slots = {
  curr_param: each(
    ({ currentText }) => currentText,
    (text) => fenced(text, 4),
  ),
  side_info: ({ records }) => records,
  component_info: ({ components }) => components.map(about).join('\n'),
  guidance_info: each(({ guidance }) => guidance),
  call_info: ({ calls }) => calls,
  learned_info: each(({ learned }) => learned),
  history_info: each(({ history }) => history),
  program_info: ({ program }) => program,
  scores_info: ({ scores }) => scores,
  background_info: ({ background }) => background,
  objective_info: ({ objective }) => objective,
  reader_info: ({ readerHint }) => readerHint,
  rules_info: ({ components }) => [...placeholderRules(components), ...lengthRules(components)].join('\n'),
  answer_info: ({ components }) => answerForm(components),
} satisfies Record<string, (request: ReflectionPromptRequest) => string | undefined>;

/** A part of each component, under its name if there are several. */
function each(part: (component: ComponentRequest) => string | undefined, format = (text: string) => text) {
  return ({ components }: ReflectionPromptRequest): string => {
    if (components.length === 1) return part(components[0]!) ?? '';
    return joined(
      components.map((component) => {
        const text = part(component);
        return isEmpty(text) ? '' : section(`"${component.name}"`, format(text));
      }),
    );
  };
}

const slotPattern = new RegExp(`<(${Object.keys(slots).join('|')})>`, 'g');

/** Fills in a template. The rules on placeholders are added at its end if it has no slot for them. */
function filledTemplate(request: ReflectionPromptRequest, template: string): string {
  const filled = template.replace(slotPattern, (_, slot: keyof typeof slots) => slots[slot](request) ?? '');
  const rules = template.includes('<rules_info>') ? '' : slots.rules_info(request);
  return joined([filled, rules, mergeNote(request)]);
}

/** What a template has no slot for. */
function mergeNote({ components, comparison }: ReflectionPromptRequest): string {
  if (comparison === undefined) return '';
  return joined([
    ...components.map((component) =>
      section(`Another version of "${component.name}"`, otherVersion(component)),
    ),
    section('Both versions', comparison),
    mergeGoal(components),
  ]);
}

/** Whether one prompt made of a template can ask for several texts: it must let the engine say how to name them. */
export function asksForSeveral(template: string | undefined): boolean {
  return template === undefined || template.includes('<answer_info>');
}

/** Describes the problem of a custom template, or returns `undefined` if it is valid. */
export function validateTemplate(template: string): string | undefined {
  const missing = ['<curr_param>', '<side_info>'].filter((slot) => !template.includes(slot));
  if (missing.length > 0) {
    return (
      `The reflection prompt template lacks ${missing.join(' and ')}: ` +
      '<curr_param> stands for the current text, <side_info> for the records of its runs.'
    );
  }
  // Other words in angle brackets may be meant for the model.
  const [, unknown] =
    [...template.matchAll(/<(\w+_info)>/g)].find(([, name]) => !Object.hasOwn(slots, name!)) ?? [];
  return (
    unknown &&
    `The reflection prompt template has <${unknown}>, which is no placeholder. Those are <${Object.keys(slots).join('>, <')}>.`
  );
}
