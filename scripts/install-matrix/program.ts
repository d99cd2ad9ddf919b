/** A program that uses the installed packages: `load` imports or requires. Simulated models; no network. */
const bodies: Readonly<Record<string, string>> = {
  'gepa-core': `
    const { optimize } = await load('gepa-core');
    const { readRun } = await load('gepa-core/node');
    const { summarize } = await load('gepa-core/report');
    const { tunable } = await load('gepa-core/tunable');
    const { createTarget } = await load('gepa-core/adapter');
    const tone = tunable('tone', 'kind');
    const runDir = folder + '/run-core';
    const result = await optimize({
      seedCandidate: { text: 'a' },
      run: (candidate, example) => ({ output: candidate.text + tone.text + example }),
      metric,
      propose,
      trainset: ['x', 'y'],
      valset: ['z'],
      maxMetricCalls: 30,
      runDir,
    });
    check(result.bestScore > result.seedScore, 'no gain');
    check(summarize(result).includes('Validation'), 'no summary');
    check(readRun(runDir) !== undefined && typeof createTarget === 'function', 'no run');`,
  'gepa-langchain': `
    const { ChatPromptTemplate } = await load('@langchain/core/prompts');
    const { gepa } = await load('gepa-langchain');
    const saved = await load('gepa-langchain/load');
    const prompt = ChatPromptTemplate.fromMessages([['system', 'a'], ['human', '{text}']]);
    const chain = prompt.pipe((value) => value.toChatMessages()[0].content);
    const compiled = await gepa(chain).compile({
      trainset: [{ input: { text: 'x' } }, { input: { text: 'y' } }],
      metric,
      propose,
      maxMetricCalls: 30,
    });
    check(compiled.result.bestScore > compiled.result.seedScore, 'no gain');
    compiled.save(folder + '/langchain.gepa.json');
    const loaded = saved.load(chain, folder + '/langchain.gepa.json');
    check((await loaded.invoke({ text: 'x' })).length > 1, 'not loaded');
    check((await chain.invoke({ text: 'x' })) === 'a', 'the chain was changed');`,
  'gepa-mastra': `
    const { Agent } = await load('@mastra/core/agent');
    const { gepa } = await load('gepa-mastra');
    const saved = await load('gepa-mastra/load');
    const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 };
    const answer = ({ prompt }) => prompt.find(({ role }) => role === 'system').content;
    const model = {
      specificationVersion: 'v2',
      provider: 'simulated',
      modelId: 'echo',
      supportedUrls: {},
      doGenerate: async (call) => ({
        content: [{ type: 'text', text: answer(call) }],
        finishReason: 'stop',
        usage,
        warnings: [],
      }),
      doStream: async (call) => ({
        stream: new ReadableStream({
          start(controller) {
            controller.enqueue({ type: 'stream-start', warnings: [] });
            controller.enqueue({ type: 'text-start', id: '1' });
            controller.enqueue({ type: 'text-delta', id: '1', delta: answer(call) });
            controller.enqueue({ type: 'text-end', id: '1' });
            controller.enqueue({ type: 'finish', finishReason: 'stop', usage });
            controller.close();
          },
        }),
      }),
    };
    const agent = new Agent({ id: 'a', name: 'a', instructions: 'a', model });
    const compiled = await gepa(agent).compile({
      trainset: [{ input: 'x' }, { input: 'y' }],
      metric: ({ output }) => metric({ output: output.text }),
      propose,
      maxMetricCalls: 30,
    });
    check(compiled.result.bestScore > compiled.result.seedScore, 'no gain');
    compiled.save(folder + '/mastra.gepa.json');
    const loaded = saved.load(agent, folder + '/mastra.gepa.json');
    check((await loaded.generate('x')).text.length > 1, 'not loaded');
    check((await agent.generate('x')).text === 'a', 'the agent was changed');`,
};

/** The source of a module that throws unless the package works. */
export function programFor(name: string, kind: 'esm' | 'cjs'): string {
  const load = kind === 'esm' ? '(name) => import(name)' : 'async (name) => require(name)';
  return `
const load = ${load};
const main = async () => {
  const folder = process.argv[2];
  const check = (holds, fault) => {
    if (!holds) throw new Error(fault);
  };
  const metric = ({ output }) => Math.min(1, output.length / 40);
  const propose = async ({ candidate }) =>
    Object.fromEntries(Object.entries(candidate).map(([name, text]) => [name, text + ' more']));
  ${bodies[name]}
};
main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
`;
}
