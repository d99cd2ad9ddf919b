import { ChatPromptTemplate } from '@langchain/core/prompts';
import { type EvaluationReport, gepa, splitExamples } from 'gepa-langchain';
import { mails } from './mails.ts';
import { SimulatedModel, simulatedReflection } from './simulated-models.ts';

const prompt = ChatPromptTemplate.fromMessages([
  ['system', 'Classify the mail: billing, access, bug or other. Answer with one word.'],
  ['human', '{mail}'],
]);

/** Moves a prompt from a large to a small model: the large one gives the expected outputs, the small one learns them. */
export async function moveToSmallModel(): Promise<EvaluationReport<'original' | 'moved'>> {
  const large = gepa(prompt.pipe(new SimulatedModel('large')));
  const small = gepa(prompt.pipe(new SimulatedModel('small')), { include: ['system'] });

  // 1. What the large model answers is what the small one should answer.
  const inputs = mails.map((mail) => ({ input: { mail } }));
  const { candidates } = await large.evaluate({ examples: inputs, metric: () => 1 });
  const examples = inputs.map(({ input }, i) => ({
    input,
    expected: candidates.seed.examples[i]!.rollouts[0]!.output!.text,
  }));
  const { trainset, valset, testset } = splitExamples(examples, { train: 0.4, validation: 0.2, test: 0.4 });

  // 2. Optimize the prompt for the small model; the large one reflects.
  const metric = ({ example, output }: { example: (typeof examples)[number]; output: { text: string } }) => ({
    score: output.text === example.expected,
    feedback: `The large model answers ${example.expected}, this one answered ${output.text}.`,
  });
  const compiled = await small.compile({
    trainset,
    valset,
    testset,
    metric,
    reflectionModel: simulatedReflection,
    maxMetricCalls: 250,
  });

  // 3. Compare both prompts on the small model, on mails that the search did not see.
  return small.evaluate({
    examples: testset,
    metric,
    candidates: { original: 'seed', moved: compiled.toJSON() },
  });
}
